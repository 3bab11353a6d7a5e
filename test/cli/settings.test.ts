import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envName, fileName, KEYS } from '../../src/cli/rows.ts';
import { type Flags, settings } from '../../src/cli/settings.ts';
import { FILE_KEYS } from '../../src/cli/settings-file.ts';
import { UserError } from '../../src/service/failure.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function settingsFile(text: string, name = 'settings.yaml'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** The UserError that `call` ends with. */
function refusal(call: () => unknown): UserError {
  try {
    call();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('settings', () => {
  it('have the defaults of the design', () => {
    expect(
      settings(['rate', 'burst', 'concurrency', 'interval', 'prune', 'owner', 'deadline'], {}, {}),
    ).toEqual({
      rate: { perSecond: 10, text: '10/s' },
      burst: 10,
      concurrency: 4,
      interval: 60_000,
      prune: 'never',
      owner: 'default',
      deadline: 1_800_000,
    });
  });

  it('take a flag before the environment, the environment before the file, the file before the default', () => {
    const config = settingsFile('concurrency: 3\nburst: 3\nrate: 3/s\nowner: file\n');
    const flags: Flags = { config, concurrency: '1' };
    const env = { EVENKEEL_CONCURRENCY: '2', EVENKEEL_BURST: '2' };
    expect(settings(['concurrency', 'burst', 'rate', 'owner', 'interval'], flags, env)).toMatchObject({
      concurrency: 1,
      burst: 2,
      rate: { perSecond: 3 },
      owner: 'file',
      interval: 60_000,
    });
  });

  it('know the old names of the API address, ours first', () => {
    const url = (env: Readonly<Record<string, string>>) => settings(['apiUrl'], {}, env).apiUrl;
    expect(url({ TUTUM_REST_HOST: 'https://c.example/' })).toBe('https://c.example');
    expect(url({ TUTUM_REST_HOST: 'https://c.example', TUTUM_BASE_URL: 'https://b.example/api/v1' })).toBe(
      'https://b.example',
    );
    expect(url({ TUTUM_BASE_URL: 'https://b.example', EVENKEEL_API_URL: 'http://a.example:1/api/v1/' })).toBe(
      'http://a.example:1',
    );
  });

  it('take an empty variable for one that is not set', () => {
    expect(settings(['owner'], {}, { EVENKEEL_OWNER: '' }).owner).toBe('default');
  });

  it('do not take the ownership mark of the container they run in for an owner', () => {
    const env = { EVENKEEL_OWNER: 'team-a/evenkeel/attempt-1' };
    expect(settings(['owner'], {}, env).owner).toBe('default');
    expect(refusal(() => settings(['owner', 'prune'], { prune: 'owned' }, env)).code).toBe('EK511');
  });

  it('want to be told whose services prune deletes', () => {
    const refused = refusal(() => settings(['prune', 'owner'], { prune: 'owned' }, {}));
    expect(refused).toMatchObject({ code: 'EK511', exit: 3 });
    expect(settings(['prune', 'owner'], { prune: 'owned', owner: 'default' }, {}).owner).toBe('default');
    const config = settingsFile('prune: owned\nowner: team-a\n');
    expect(settings(['prune', 'owner'], { config }, {})).toEqual({ prune: 'owned', owner: 'team-a' });
  });

  it.each([
    ['rate', '0/s'],
    ['burst', '0'],
    ['burst', '1.5'],
    ['concurrency', '-1'],
    ['interval', '60'],
    ['interval', '0s'],
    ['deadline', '5 minutes'],
    ['owner', 'Team A'],
    ['prune', 'all'],
    ['logLevel', 'loud'],
    ['listen', '8800'],
    ['listen', 'localhost:99999'],
    ['envAllow', 'A B'],
    ['apiUrl', 'ftp://x'],
    ['output', 'xml'],
  ] as const)('refuse %s %j, say what they expected and where it came from', (key, text) => {
    const refused = refusal(() => settings([key], { [key]: text }, {}));
    expect(refused.exit).toBe(3);
    expect(refused.message).toMatch(new RegExp(`^--${fileName(key)}: `));
    if (key === 'output') return;
    expect(refusal(() => settings([key], {}, { [envName(key)]: text })).message).toMatch(`${envName(key)}: `);
  });

  it('read durations and addresses', () => {
    expect(settings(['interval'], { interval: '1h30m' }, {}).interval).toBe(5_400_000);
    expect(settings(['interval'], { interval: '250ms' }, {}).interval).toBe(250);
    expect(settings(['listen'], { listen: '[::1]:0' }, {}).listen).toEqual({ host: '::1', port: 0 });
    expect(settings(['envAllow'], { envAllow: 'DB_*, TOKEN' }, {}).envAllow).toEqual(['DB_*', 'TOKEN']);
  });

  it('take what is meant for one call from a flag only', () => {
    const env = { EVENKEEL_ALLOW_EMPTY: 'true', EVENKEEL_ALLOW_DELETES: '99', EVENKEEL_YES: 'true' };
    expect(settings(['allowEmpty', 'allowDeletes', 'yes'], {}, env)).toEqual({
      allowEmpty: false,
      allowDeletes: undefined,
      yes: false,
    });
    expect(
      refusal(() => settings([], { config: settingsFile('allow-empty: true\n') }, {})).message,
    ).toContain('flag only');
  });
});

describe('a settings file', () => {
  it('has a schema with exactly the settings it may hold, each with title and description', () => {
    const text = readFileSync(new URL('../../schemas/settings.schema.json', import.meta.url), 'utf8');
    const { properties } = JSON.parse(text) as {
      properties: Record<string, { title?: string; description?: string }>;
    };
    expect(Object.keys(properties).sort()).toEqual(FILE_KEYS.map(fileName).sort());
    for (const property of Object.values(properties))
      expect(property).toMatchObject({ title: expect.any(String), description: expect.any(String) });
  });

  it('never holds a credential, and there is no flag for one', () => {
    // A file that holds one may be named, and the name that goes with a token is none.
    const may = (name: string) => name.endsWith('-file') || ['git-user', 'secrets-dir'].includes(name);
    const named = KEYS.map(fileName).filter((name) => /key|auth|user$|pass|token|secret/.test(name));
    expect(named.filter((name) => !may(name))).toEqual([]);
    const config = settingsFile('api-key: hunter2\n');
    const refused = refusal(() => settings([], { config }, {}));
    expect(refused.message).toContain('api-key');
    expect(refused.message).not.toContain('hunter2');
  });

  it('is told all that is wrong with it at once, each at its place, with a guess', () => {
    const config = settingsFile('rate: fast\nconcurency: 4\nburst: 0\n');
    const refused = refusal(() => settings([], { config }, {}));
    expect(refused).toMatchObject({ code: 'EK508', exit: 3 });
    const lines = refused.message.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.find((line) => line.includes(':2:1'))).toContain('did you mean concurrency?');
    expect(lines.filter((line) => /:[13]:\d+ (?:rate|burst): /.test(line))).toHaveLength(2);
  });

  it('may be JSON, and may be empty', () => {
    expect(settings(['burst'], { config: settingsFile('{"burst": 7}', 's.json') }, {}).burst).toBe(7);
    expect(settings(['burst'], { config: settingsFile('') }, {}).burst).toBe(10);
  });

  it.each([
    ['that is not YAML', 'a: [1\n'],
    ['with the same key twice', 'burst: 1\nburst: 2\n'],
    ['with aliases', 'a: &x 1\nburst: *x\n'],
    ['that is a list', '- burst\n'],
  ])('%s is refused with its place', (_what, text) => {
    const refused = refusal(() => settings([], { config: settingsFile(text) }, {}));
    expect(refused.exit).toBe(3);
    expect(refused.message).toMatch(/settings\.yaml:\d+:\d+/);
  });

  it('that is not there is refused', () => {
    expect(refusal(() => settings([], { config: join(folder, 'nowhere.yaml') }, {})).code).toBe('EK509');
    expect(refusal(() => settings([], { config: join(folder, 'nowhere.yaml') }, {})).message).toMatch(
      /nowhere\.yaml: no such file or directory$/,
    );
  });

  it('is never read from among the manifests, however it is named', () => {
    const manifests = join(folder, 'fleet');
    mkdirSync(join(manifests, 'deep'), { recursive: true });
    const inside = settingsFile('burst: 1\n', 'fleet/deep/settings.yaml');
    const outside = settingsFile('burst: 1\n', 'fleet-settings.yaml');
    const link = join(folder, 'link.yaml');
    symlinkSync(inside, link);
    const linkedFolder = join(folder, 'linked-fleet');
    symlinkSync(manifests, linkedFolder);
    for (const [config, path] of [
      [inside, manifests],
      [inside, inside],
      [link, manifests],
      [inside, linkedFolder],
      [join(linkedFolder, 'deep/settings.yaml'), manifests],
    ] as const)
      expect(refusal(() => settings([], { config }, {}, [path])).code).toBe('EK510');
    expect(settings(['burst'], { config: outside }, {}, [manifests, '-']).burst).toBe(1);
  });
});
