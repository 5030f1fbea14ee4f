import { readdir, readFile, rm } from 'node:fs/promises';
import { startPlatform, type Platform } from '../../main/up.ts';
import { repositoryFile } from '../../parts/repository-root.ts';
import { analyzeNsw } from './nsw.ts';
import { playContestPricing } from './contest-pricing.ts';
import { contestPricingText } from './contest-pricing-text.ts';
import { openControl, type Control } from './control.ts';
import { followExperiments } from './evening.ts';
import { concludeAll } from './conclusions.ts';
import { KillClock } from './kill-clock.ts';
import type { FromSimulator, SimulationReport } from './messages.ts';
import { shortcomingsOf, type DemoResult } from './result.ts';
import { startSimulatorProcess, type SimulatorProcess } from './simulator-process.ts';
import { hopsLine, seconds, tellStory, verdictTable, type Story } from './story.ts';

export interface DemoOptions {
  readonly seed: number;
  /** Where events go. */
  readonly bus: 'embedded' | 'kafka';
  /** Leaves everything running until it is interrupted. */
  readonly keep: boolean;
  readonly log: (line: string) => void;
  /** Ms since 1970 UTC. */
  readonly clock: () => number;
  /** Aborted by Ctrl-C: everything that was started is ended. */
  readonly signal: AbortSignal;
  readonly temporalExecutable?: string;
}

const KEYS = ['upi_retry', 'wallet_prompt', 'contest_card'] as const;
const SDKS = 50;
const USERS = 30_000;
const SESSIONS_PER_SECOND = 350;
const DATA_DIRECTORY = '.third-umpire/demo';

/** Plays the match evening on a platform of its own and returns what was concluded. Ends everything it started, whatever happens. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const startedAtMs = options.clock();
  const elapsedMs = (): number => options.clock() - startedAtMs;
  const story = tellStory(options.log, elapsedMs);
  const ends: (() => Promise<void>)[] = [];
  try {
    const result = await Promise.race([play(options, story, elapsedMs, ends), interrupted(options.signal)]);
    if (options.keep) await lookAround(options, story, result);
    return result;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
  });
}

async function play(
  options: DemoOptions,
  story: Story,
  elapsedMs: () => number,
  ends: (() => Promise<void>)[],
): Promise<DemoResult> {
  story.chapter('1. The platform');
  const platform = await startOwnPlatform(options, story);
  ends.push(() => platform.stop());
  const control = openControl(platform.grpcAddress, options.clock);
  ends.push(() => Promise.resolve(control.close()));
  story.tell(`Temporal UI        ${platform.temporalUiUrl}`);
  story.tell(`gRPC services      ${platform.grpcAddress}`);
  if (platform.kafkaAddress !== null) story.tell(`Kafka              ${platform.kafkaAddress}`);
  const setUpMs = elapsedMs();

  story.chapter('2. Sixty days of history, and the definitions');
  const definitions = await control.putDefinitions(await readDefinitions());
  story.tell(`${definitions} definitions stored: metrics, a layer, a segment and four experiments`);
  const killClock = new KillClock(SDKS);
  let backfilled = 0;
  const simulator = await startSimulatorProcess(
    {
      address: platform.grpcAddress,
      seed: options.seed,
      users: USERS,
      clients: SDKS,
      sessionsPerSecond: SESSIONS_PER_SECOND,
    },
    (message) => {
      if (message.kind === 'backfill') backfilled = message.published;
      killClock.take(message);
      tellMessage(story, message);
    },
  );
  ends.push(() => simulator.stop());
  const backfillMs = elapsedMs() - setUpMs;

  story.chapter('3. The match evening');
  const evening = await playEvening(control, simulator, story, elapsedMs);
  const counts = await platform.eventCounts();
  const kill = await control.killOf('wallet_prompt');
  const experiments = await concludeAll({ control, report: evening.report });

  story.chapter('4. A real experiment: National Supported Work, 445 people');
  const nsw = await analyzeNsw();
  for (const line of nsw.text.trimEnd().split('\n')) options.log(`          ${line}`.trimEnd());

  story.chapter('5. contest_pricing: seats that users compete for');
  const contestPricing = { ...playContestPricing(options.seed), refusal: await refusalOf(control) };
  for (const line of contestPricingText(contestPricing)) options.log(`          ${line}`.trimEnd());

  const result: DemoResult = {
    seed: options.seed,
    experiments,
    nsw: nsw.analysis,
    contestPricing,
    timings: { ...killClock.timings(kill?.atMs ?? null), setUpMs, backfillMs, eveningMs: evening.durationMs },
    bus: options.bus,
    events: { backfilled, ...pickCounts(evening.report), ...counts },
    addresses: { temporalUi: platform.temporalUiUrl, grpc: platform.grpcAddress },
  };
  tellResult(options.log, story, result);
  return result;
}

async function startOwnPlatform(options: DemoOptions, story: Story): Promise<Platform> {
  const dataDirectory = repositoryFile(DATA_DIRECTORY);
  await rm(dataDirectory, { recursive: true, force: true });
  return await startPlatform({
    dataDirectory,
    bus: options.bus,
    // Brokers that are kept hold what former evenings published.
    kafkaTopicPrefix: `umpire-demo-${options.clock()}`,
    eventTypesFile: repositoryFile('examples/fantasy-league/event-types.yaml'),
    scorecardEveryMs: 5_000,
    onProgress: (message) => story.tell(message),
    signal: options.signal,
    ...(options.temporalExecutable === undefined ? {} : { temporalExecutable: options.temporalExecutable }),
  });
}

async function readDefinitions(): Promise<string> {
  const directory = repositoryFile('examples/fantasy-league/definitions');
  const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml')).sort();
  const texts = await Promise.all(files.map((file) => readFile(`${directory}/${file}`, 'utf8')));
  return texts.join('\n---\n');
}

/** What the platform says to the same experiment without its design; empty where it takes it. */
async function refusalOf(control: Control): Promise<string> {
  const definitions = await readFile(
    repositoryFile('examples/fantasy-league/definitions/contest_pricing.yaml'),
    'utf8',
  );
  const userLevel = definitions
    .replace(/^design:.*$/m, 'design: { type: user-level }')
    .replace('key: contest_pricing', 'key: contest_pricing_by_user');
  try {
    await control.putDefinitions(userLevel);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function playEvening(control: Control, simulator: SimulatorProcess, story: Story, elapsedMs: () => number) {
  const startedAtMs = elapsedMs();
  for (const key of KEYS) story.tell(`started ${key} as workflow ${await control.start(key)}`);
  simulator.begin();
  await followExperiments(control, KEYS, story, elapsedMs);
  const report = await simulator.finish();
  return { report, durationMs: elapsedMs() - startedAtMs };
}

function tellMessage(story: Story, message: FromSimulator): void {
  if (message.kind === 'connected') story.tell(`${message.clients} SDKs connected`);
  if (message.kind === 'backfill') story.tell(`${message.published.toLocaleString('en')} events of the past published`);
  if (message.kind === 'first-harm') story.tell('wallet_prompt: the first user sees the harmful variant');
  if (message.kind === 'cut-off') story.tell(`SDK ${message.client} is cut off for ${seconds(message.forMs)}`);
  if (message.kind === 'progress') {
    story.tell(
      `${message.sessions.toLocaleString('en')} sessions, ${message.events.toLocaleString('en')} events published`,
    );
  }
}

function pickCounts({ sessions, delivered, dropped, undelivered }: SimulationReport) {
  return { sessions, published: delivered, dropped, undelivered };
}

function tellResult(log: DemoOptions['log'], story: Story, result: DemoResult): void {
  const { timings } = result;
  story.chapter('Verdicts against the truth');
  log(verdictTable(result));
  log(hopsLine(result));
  for (const { key, reason } of result.experiments) log(`${key}: ${reason}`);
  if (timings.firstHarmfulExposureToBreachMs !== null) {
    log(`From the first harmful exposure to the breach: ${seconds(timings.firstHarmfulExposureToBreachMs)}`);
  }
  if (timings.breachToLastControlMs !== null) {
    log(
      `From the breach to the last of ${timings.sdks} SDKs serving control: ${seconds(timings.breachToLastControlMs)}`,
    );
  }
  log(
    `For BI tools, in ${DATA_DIRECTORY}/warehouse.duckdb: experiment_results, its history, experiment_decisions, exposures_daily, dead_letters`,
  );
  for (const shortcoming of shortcomingsOf(result)) log(`NOT AS IT SHOULD BE: ${shortcoming}`);
}

async function lookAround({ log, signal }: DemoOptions, story: Story, { addresses }: DemoResult): Promise<void> {
  story.chapter('Everything is left running; Ctrl-C ends it');
  log(`Temporal UI   ${addresses.temporalUi}`);
  log(`a scorecard   npx umpire --server ${addresses.grpc} experiment scorecard upi_retry`);
  log(`its results   npx umpire --server ${addresses.grpc} results upi_retry`);
  log(`the audit     npx umpire --server ${addresses.grpc} audit wallet_prompt`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
