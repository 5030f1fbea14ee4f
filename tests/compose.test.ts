import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { readConfiguration, SETTING_NAMES } from '../main/configuration.ts';
import { ensureComposeConfig } from '../parts/compose-config.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { readDockerfile } from './support/dockerfile.ts';

interface Service {
  readonly image?: string;
  readonly build?: string | { readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const text = (file: string): string => readFileSync(repositoryFile(file), 'utf8');
const compose = parse(text('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const dockerfile = readDockerfile(text('Dockerfile'));
const ours = services.filter(([, { build }]) => build === '.');

describe('docker-compose.yml', () => {
  test('Compose reads it', async (t) => {
    const reader = await ensureComposeConfig();
    if (!reader.isAvailable) {
      assert.notEqual(process.env['CI'], 'true', reader.reason);
      t.skip(reader.reason);
      return;
    }
    const model = (await reader.read(repositoryFile('docker-compose.yml'))) as Compose;
    assert.deepEqual(Object.keys(model.services).sort(), Object.keys(compose.services).sort());
    await assert.rejects(reader.read(repositoryFile('observability/prometheus.yml')));
  });

  test('our services are given settings that the code reads, with values that it takes', () => {
    assert.deepEqual(
      ours.map(([name]) => name),
      ['serve', 'work', 'setup'],
    );
    for (const [name, service] of ours) {
      const environment = environmentOf(service);
      for (const variable of Object.keys(service.environment ?? {})) {
        assert.ok(SETTING_NAMES.includes(variable), `${name}: no code reads ${variable}`);
      }
      assert.doesNotThrow(() => readConfiguration(environment), name);
    }
  });

  test('they listen where others look for them', () => {
    for (const [name, service] of ours) {
      const { UMPIRE_ADDRESS, UMPIRE_HTTP_ADDRESS = '' } = environmentOf(service);
      const listened = name === 'serve' ? [UMPIRE_ADDRESS ?? '', UMPIRE_HTTP_ADDRESS] : [UMPIRE_HTTP_ADDRESS];
      if (name !== 'setup') assert.deepEqual((service.ports ?? []).map(targetOf), listened.map(portOf), name);
    }
    const { scrape_configs: jobs } = parse(text('observability/prometheus.yml')) as {
      scrape_configs: readonly { static_configs: readonly { targets: readonly string[] }[] }[];
    };
    const targets = jobs.flatMap(({ static_configs: each }) => each.flatMap((config) => config.targets));
    const scraped = ['serve', 'work'].map((name) => {
      const service = compose.services[name];
      assert.ok(service !== undefined);
      return `${name}:${portOf(environmentOf(service)['UMPIRE_HTTP_ADDRESS'] ?? '')}`;
    });
    assert.deepEqual(targets, scraped);
    // Names of other services in addresses are names of services.
    const hosts = ours.flatMap(([, { environment = {} }]) =>
      [environment['DATABASE_URL'], environment['TEMPORAL_ADDRESS']].map(
        (value) => /(?:@|^)([a-z-]+):\d+/.exec(value ?? '')?.[1],
      ),
    );
    for (const host of hosts) assert.ok(host !== undefined && host in compose.services, host);
  });

  test('ports are open to this machine only, each once', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports);
    for (const port of published) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
    const host = published.map((port) => port.split(':')[1]);
    assert.equal(new Set(host).size, host.length);
  });

  test('images are pinned', () => {
    const images = services.flatMap(([, { image, build }]) => (build === undefined ? [image ?? ''] : []));
    const emulator = readDockerfile(text('parts/bigquery-emulator.Dockerfile'));
    for (const image of [...images, ...dockerfile.baseImages, ...emulator.baseImages]) {
      assert.match(image, /^[a-z/.-]+:v?\d+\.\d+/, `${image} may be another one tomorrow`);
    }
  });

  test('every service that stays says whether it is well', () => {
    for (const [name, { healthcheck }] of services) {
      if (name === 'setup') assert.equal(healthcheck?.disable, true);
      else assert.ok((healthcheck?.test?.length ?? 0) > 1, `${name} has no health check`);
    }
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        assert.ok(needed in compose.services, `${name} waits for ${needed}`);
        assert.equal(condition, 'service_healthy');
      }
    }
  });

  test('volumes are declared and used; what is mounted from here is here', () => {
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const named = mounted.filter((source) => !source.startsWith('.'));
    assert.deepEqual([...new Set(named)].sort(), Object.keys(compose.volumes).sort());
    for (const source of mounted.filter((each) => each.startsWith('.')))
      assert.ok(existsSync(repositoryFile(source)), source);
  });

  test('without a profile only what is needed is started', () => {
    const always = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    assert.deepEqual(always, ['postgres', 'temporal', 'temporal-ui', 'serve', 'work']);
  });

  test("the emulator's image has the versions that the tests use", () => {
    const pinned = text('parts/bigquery-emulator.Dockerfile');
    const source = text('parts/bigquery-emulator.ts');
    const version = (name: string): string => new RegExp(`${name} = '([^']+)'`).exec(source)?.[1] ?? 'none';
    assert.ok(pinned.includes(`local-bigquery==${version('VERSION')}`));
    assert.ok(pinned.includes(`duckdb==${version('DUCKDB_VERSION')} `));
  });
});

describe('Dockerfile', () => {
  test('copies what is here, and what it runs is built', () => {
    const built = /^\/umpire\/(dist|node_modules)$/;
    for (const source of dockerfile.copied) {
      const file = source.replace(/^\/umpire\//, '');
      assert.ok(built.test(source) || existsSync(repositoryFile(file)), source);
    }
    const commands = [dockerfile.command, dockerfile.healthCheck, ...ours.map(([, { command = [] }]) => command)];
    for (const [program, script = ''] of commands) {
      assert.equal(program, 'node');
      assert.ok(existsSync(repositoryFile(script.replace(/^dist\//, '').replace(/\.js$/, '.ts'))), script);
    }
  });

  test('does not run as root, and sets what the code reads', () => {
    assert.equal(dockerfile.user, 'node');
    const settings = Object.keys(dockerfile.environment).filter((name) => name !== 'NODE_ENV');
    assert.deepEqual(
      settings.filter((name) => !SETTING_NAMES.includes(name)),
      [],
    );
    const { UMPIRE_ADDRESS = '', UMPIRE_HTTP_ADDRESS = '' } = dockerfile.environment;
    assert.deepEqual(dockerfile.exposed, [portOf(UMPIRE_ADDRESS), portOf(UMPIRE_HTTP_ADDRESS)]);
  });
});

test('what continuous integration runs is here', () => {
  const workflow = text('.github/workflows/ci.yml');
  const { scripts } = JSON.parse(text('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  const { jobs } = parse(workflow) as { jobs: Record<string, { steps: readonly { run?: string }[] }> };
  assert.deepEqual(Object.keys(jobs), ['test', 'check', 'image']);
  const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  assert.ok(commands.includes('.ci/run') && existsSync(repositoryFile('.ci/run')));
  for (const command of commands) {
    const script = /^npm run (\S+)/.exec(command)?.[1];
    if (script !== undefined) assert.ok(script in scripts, command);
    const started = /^docker compose up .*--wait-timeout \d+ (.+)$/.exec(command)?.[1]?.split(' ') ?? [];
    for (const name of started) assert.ok(name in compose.services, command);
  }
  // The files whose change makes what is cached useless.
  for (const [, pattern = ''] of workflow.matchAll(/'(parts\/[^'*]+?)(?:\/\*)?'/g)) {
    assert.ok(existsSync(repositoryFile(pattern)), pattern);
  }
});

/** What a process of ours sees: what its image sets, and above it what its service sets, with nothing set outside. */
function environmentOf({ environment = {} }: Service): Record<string, string> {
  const resolved = Object.entries(environment).map(([name, value]) => [
    name,
    value.replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
  ]);
  return { ...dockerfile.environment, ...(Object.fromEntries(resolved) as Record<string, string>) };
}

function targetOf(port: string): string {
  return port.split(':').at(-1) ?? '';
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}
