import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ConfigurationError, readConfiguration, requireDatabase, SETTING_NAMES } from './configuration.ts';

test('an empty environment is a whole configuration', () => {
  const configuration = readConfiguration({ UMPIRE_SERVER: '' });
  assert.equal(configuration.UMPIRE_SERVER, '127.0.0.1:7400');
  assert.equal(configuration.UMPIRE_SCORECARD_EVERY_MS, 60_000);
  assert.throws(() => requireDatabase(configuration), /DATABASE_URL is not set; .*umpire up/);
});

test('each bad value is a sentence with the name of the variable and how to mend it', () => {
  const problems = problemsOf({
    TEMPORAL_ADDRESS: 'http://temporal',
    UMPIRE_ADDRESS: '0.0.0.0:70000',
    UMPIRE_SCORECARD_EVERY_MS: '5s',
    UMPIRE_LOG_LEVEL: 'loud',
  });
  assert.deepEqual(problems.split('\n'), [
    'UMPIRE_ADDRESS must be host:port, such as 127.0.0.1:7400, got "0.0.0.0:70000"',
    'UMPIRE_SCORECARD_EVERY_MS must be a whole number of ms, such as 60000, got "5s"',
    'UMPIRE_LOG_LEVEL must be one of debug, info, warn, error, silent, got "loud"',
    'TEMPORAL_ADDRESS must be host:port, such as 127.0.0.1:7233, got "http://temporal"',
    'Correct the environment, or unset what has a default.',
  ]);
});

test('a connection string is never repeated: it holds a password', () => {
  assert.doesNotMatch(problemsOf({ DATABASE_URL: 'mysql://root:secret@db/umpire' }), /secret/);
});

test('whatever the environment holds, it is read or refused by name', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...SETTING_NAMES), fc.string()), (variables) => {
      try {
        readConfiguration(variables);
      } catch (error) {
        assert.ok(error instanceof ConfigurationError, String(error));
        assert.ok(Object.keys(variables).some((name) => error.message.includes(name)));
      }
    }),
  );
});

function problemsOf(variables: Record<string, string>): string {
  try {
    readConfiguration(variables);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return error.message;
  }
  assert.fail('it was read');
}
