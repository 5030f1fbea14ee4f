import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AssignmentServiceService } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { connectServer } from './server.ts';
import { DOCUMENTS, temporaryFolder, type Folder } from './testing/documents.ts';
import { startTestPlatform, type Ran, type TestPlatform } from './testing/test-platform.ts';

const WHY = ['--reason', 'test', '--actor', 'asha'];

/** In the order of a newcomer's day: each command finds what those before it left. */
describe('umpire steers the platform', () => {
  let platform: TestPlatform;
  let folder: Folder;
  let file: string;
  const umpire = (...args: string[]): Promise<Ran> => platform.umpire(...args);
  const json = async (...args: string[]): Promise<unknown> => {
    const { exitCode, out, err } = await umpire(...args, '--json');
    assert.equal(exitCode, 0, err);
    return JSON.parse(out);
  };

  /** Services hear of a new ruleset a moment after it is published. */
  const untilServed = async (): Promise<void> => {
    const { version } = await platform.controlStore.currentRuleset();
    for (;;) {
      const { rulesetVersion } = (await json('flag', 'list')) as { rulesetVersion: number };
      if (rulesetVersion >= version) return;
    }
  };

  before(async () => {
    platform = await startTestPlatform();
    folder = await temporaryFolder();
    file = await folder.write('pay.yaml', DOCUMENTS);
  });
  after(async () => {
    await folder.remove();
    await platform.stop();
  });

  it('says that nothing is there yet, and how to begin', async () => {
    assert.match((await umpire('definitions', 'list')).out, /nothing is stored yet; .*definitions put/);
    assert.match((await umpire('experiment', 'list')).out, /no experiment yet; .*experiment put/);
    assert.match((await umpire('flag', 'list')).out, /no flag is served yet/);
  });

  it('validates and stores definitions', async () => {
    assert.deepEqual(await json('definitions', 'validate', file), { isValid: true, problems: [] });
    const put = await umpire('definitions', 'put', file, ...WHY);
    assert.equal(put.err, '');
    assert.equal(put.out, 'experiment pay_button: version 1\nmetric paid: version 1\nflag pay_page: version 1');
    assert.match((await umpire('definitions', 'list', '--kind', 'metric')).out, /^metric +paid +1 +asha/m);
    assert.match((await umpire('definitions', 'get', 'metric', 'paid')).out, /windowMs: 7200000/);
  });

  it('says what is wrong with definitions, and where', async () => {
    const dangling = await folder.write('dangling.yaml', DOCUMENTS.replace('primary: paid', 'primary: payd'));
    const validated = await umpire('experiment', 'validate', dangling);
    assert.equal(validated.exitCode, 1);
    assert.match(validated.out, /experiment pay_button: metrics\.primary.*no metric "payd" \(did you mean "paid"\?\)/);
    const misspelt = await folder.write('misspelt.yaml', DOCUMENTS.replace('hypothesis:', 'hypotesis:'));
    const { exitCode, out } = await umpire('experiment', 'validate', misspelt, '--json');
    assert.equal(exitCode, 1);
    const { isValid, problems } = JSON.parse(out) as { isValid: boolean; problems: { path: string }[] };
    assert.equal(isValid, false);
    assert.match(problems[0]?.path ?? '', /misspelt\.yaml:\d+/);
    assert.equal((await umpire('definitions', 'put', misspelt, ...WHY)).exitCode, 1);
    assert.equal(
      ((await json('definitions', 'list', '--kind', 'flag')) as unknown[]).length,
      1,
      'nothing of it was stored',
    );
  });

  it('starts an experiment and says where it stands', async () => {
    assert.deepEqual(await json('experiment', 'start', 'pay_button', ...WHY), {
      experimentKey: 'pay_button',
      workflowId: 'experiment/pay_button',
    });
    const { out } = await umpire('experiment', 'get', 'pay_button');
    assert.match(out, /^pay_button: running\n/);
    assert.match(out, /stage +1 of 1, 100 % enrolled, epoch 1/);
    assert.match((await umpire('experiment', 'list')).out, /pay_button +running +1 of 1 +100 % +1/);
  });

  it('hands every verb to the workflow', async () => {
    for (const verb of ['approve', 'pause', 'resume', 'rollback']) {
      const { exitCode, err } = await umpire('experiment', verb, 'pay_button', ...WHY);
      assert.equal(exitCode, 0, err);
    }
    await json('experiment', 'ramp', 'pay_button', '2', ...WHY);
    await json('experiment', 'ship', 'pay_button', 'on', ...WHY);
    const verbs = ['approve', 'pause', 'resume', 'rollback', 'ramp to 2', 'ship on'];
    assert.deepEqual(
      platform.asked,
      verbs.map((verb) => `${verb} pay_button: test`),
    );
  });

  it('explains a decision as the platform makes it', async () => {
    await untilServed();
    const explained = await umpire('explain', 'pay_button', '--context', 'user=u1,region=KA');
    assert.match(explained.out, /^pay_button \(ruleset \d+\) serves (control = false|on = true)\n {2}REASON_SPLIT/);
    assert.match(explained.out, /✓ region is one of "KA", "MH"; it is "KA"/);
    const outside = (await json('explain', 'pay_button', '--context', 'user=u1,region=TN')) as { reason: string };
    assert.equal(outside.reason, 'REASON_DEFAULT');
    const staff = await umpire('explain', 'pay_page', '--context', '{"email_domain":"example.com"}');
    assert.match(staff.out, /serves express = "express"\n {2}REASON_TARGETING_MATCH/);
  });

  it('explains a user by the device that he logged in on, as the service decides', async () => {
    const server = connectServer(platform.address, Date.now);
    await server.call(AssignmentServiceService.linkIdentity, { userId: 'linked', deviceId: 'd1' });
    const ofDevice = (await json('explain', 'pay_button', '--context', 'device=d1,region=KA')) as { variant: string };
    const ofUser = await umpire('explain', 'pay_button', '--context', 'user=linked,region=KA');
    server.close();
    assert.match(ofUser.out, /the unit is device "d1", to which user "linked" is linked/);
    assert.match(ofUser.out, new RegExp(`serves ${ofDevice.variant} =`));
    assert.doesNotMatch(ofUser.out, /decides otherwise/);
  });

  it('kills and revokes, and shows both in the audit', async () => {
    const { killId } = (await json('kill', 'flag', 'pay_button', ...WHY)) as { killId: string };
    await untilServed();
    assert.match((await umpire('explain', 'pay_button', '--context', 'user=u1')).out, /REASON_KILLED[^]*by asha: test/);
    assert.match((await umpire('flag', 'get', 'pay_button')).out, new RegExp(`killed[^]*kill ${killId} by asha: test`));
    assert.match((await umpire('revoke', killId, ...WHY)).out, /ended with ruleset \d+/);
    await untilServed();
    assert.match((await umpire('flag', 'list')).out, /pay_button +boolean +on/);
    const entries = (await json('audit', 'pay_button')) as { actor: string; reason: string }[];
    assert.ok(entries.length >= 4);
    assert.ok(entries.every(({ actor, reason }) => actor === 'asha' && reason === 'test'));
  });

  const refusals: readonly (readonly [string, readonly string[], 1 | 2, RegExp])[] = [
    [
      'an unknown experiment',
      ['experiment', 'get', 'pay_buton'],
      1,
      /there is no experiment pay_buton \(did you mean "pay_button"\?\)/,
    ],
    ['a second start', ['experiment', 'start', 'pay_button', ...WHY], 1, /runs already/],
    ['a scorecard that is not there yet', ['experiment', 'scorecard', 'pay_button'], 1, /no scorecard yet/],
    ['results that are not there yet', ['results', 'pay_button'], 1, /no scorecard yet/],
    ['a change without a reason', ['experiment', 'pause', 'pay_button'], 2, /say why with --reason/],
    [
      'a stage that is no number',
      ['experiment', 'ramp', 'pay_button', 'last', ...WHY],
      2,
      /whole number from 1, .* got "last"/,
    ],
    [
      'a variant that is not there',
      ['experiment', 'ship', 'pay_button', 'of', ...WHY],
      1,
      /variant: .*no variant "of"/,
    ],
    ['a misspelt verb', ['experiment', 'lsit'], 2, /unknown command 'lsit'[^]*Did you mean list/],
    ['an unknown flag', ['flag', 'get', 'pay_pag'], 1, /no flag "pay_pag" is served \(did you mean "pay_page"\?\)/],
    ['a flag without a key', ['flag', 'get'], 2, /missing required argument 'key'/],
    ['an option that is not there', ['flag', 'list', '--al'], 2, /unknown option '--al'/],
    [
      'a file that is not there',
      ['definitions', 'put', 'no/such.yaml', ...WHY],
      1,
      /no\/such\.yaml cannot be read: there is no such file/,
    ],
    [
      'a kind that is not there',
      ['definitions', 'get', 'metrik', 'paid'],
      2,
      /no kind of definition \(did you mean "metric"\?\)/,
    ],
    [
      'a version that is not there',
      ['definitions', 'get', 'metric', 'paid', '--at', '9'],
      1,
      /no metric paid at version 9/,
    ],
    ['a target that cannot be killed', ['kill', 'flagg', 'pay_page', ...WHY], 2, /did you mean "flag"/],
    [
      'a kill of nothing',
      ['kill', 'flag', 'pay_pag', ...WHY],
      1,
      /there is no flag pay_pag \(did you mean "pay_page"\?\)/,
    ],
    ['a kill that is not there', ['revoke', 'k-1', ...WHY], 1, /there is no kill k-1/],
    [
      'an explanation of an unknown flag',
      ['explain', 'pay_butto', '--context', 'user=u1'],
      1,
      /did you mean "pay_button"/,
    ],
    ['an explanation without a context', ['explain', 'pay_button'], 2, /required option '--context/],
    ['a context that is no pair', ['explain', 'pay_button', '--context', 'user'], 2, /"user" is not name=text/],
    ['a context value that is no JSON', ['explain', 'pay_button', '--context', 'n:=x'], 2, /is not JSON/],
    ['too many audit entries', ['audit', '--limit', '0'], 2, /from 1 to 1000, got "0"/],
    ['an address that is none', ['audit', '--server', 'here'], 2, /--server must be host:port/],
    ['a command that is not there', ['experimnt'], 2, /unknown command 'experimnt'[^]*Did you mean experiment/],
  ];
  for (const [name, args, exitCode, message] of refusals) {
    it(`refuses ${name}`, async () => {
      const ran = await umpire(...args);
      assert.match(ran.err, message);
      assert.doesNotMatch(ran.err, /\n {4}at /, 'no stack');
      assert.equal(ran.exitCode, exitCode);
      const asJson = await umpire(...args, '--json');
      const { error } = JSON.parse(asJson.out) as { error: { message: string } };
      assert.match(error.message, message);
    });
  }

  it('shows the rows that the tables of results hold', async () => {
    const summary = 'No effect is shown: the split is not as defined.';
    await platform.controlStore.saveScorecard({
      experimentKey: 'pay_button',
      epoch: 1,
      computedAtMs: Date.UTC(2026, 3, 1),
      verdict: 'invalid',
      summary,
      winningVariant: null,
      split: null,
      look: null,
      readouts: [],
      segments: [],
      gates: [],
      leftOut: { crossedUnits: 2, notRandomExposures: 0, immatureUnits: {} },
    });
    const { experiment_results: results, experiment_decisions: decisions } = (await json('results', 'pay_button')) as {
      experiment_results: { metric_key: string; is_valid: boolean; absolute_effect: null; no_effect_reason: string }[];
      experiment_decisions: { crossed_units: number; as_of_date: string }[];
    };
    const [row] = results;
    assert.deepEqual(
      [row?.metric_key, row?.is_valid, row?.absolute_effect, row?.no_effect_reason],
      ['paid', false, null, summary],
    );
    assert.deepEqual([decisions[0]?.crossed_units, decisions[0]?.as_of_date], [2, '2026-04-01']);
    assert.match((await umpire('results', 'pay_button')).out, /invalid as of 2026-04-01[^]*paid +primary +on/);
  });
});
