import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCredentials } from '../../src/api/key-sources.ts';
import { UserError } from '../../src/service/failure.ts';

const KEY = 'canary-key-0815';
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'evenkeel-key-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const find = (env: Record<string, string>) =>
  findCredentials({
    env,
    home,
    readFile: async (path) => {
      try {
        return { text: readFileSync(path, 'utf8'), mode: statSync(path).mode };
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
  });

function file(name: string, text: string, mode = 0o600): string {
  const path = join(home, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const header = async (env: Record<string, string>) => (await find(env)).authorization();

describe('credentials', () => {
  it('come from TUTUM_USER with TUTUM_APIKEY, or with TUTUM_PASS as Basic', async () => {
    expect(await header({ TUTUM_USER: 'me', TUTUM_APIKEY: KEY })).toBe(`ApiKey me:${KEY}`);
    const basic = `Basic ${Buffer.from(`me:${KEY}`).toString('base64')}`;
    expect(await header({ TUTUM_USER: 'me', TUTUM_PASS: KEY })).toBe(basic);
  });

  it('come from TUTUM_AUTH as it is, before user and key', async () => {
    const found = await find({ TUTUM_AUTH: `Basic eDp5`, TUTUM_USER: 'me', TUTUM_APIKEY: KEY });
    expect(found.authorization()).toBe('Basic eDp5');
    expect(found.notes).toEqual(['TUTUM_APIKEY is passed over: TUTUM_AUTH is set']);
  });

  it('come first from the file that was named to this program, and say what they pass over', async () => {
    const path = file('key', `robot:${KEY}\n`);
    const found = await find({ EVENKEEL_API_KEY_FILE: path, TUTUM_AUTH: 'ApiKey a:b' });
    expect(found.authorization()).toBe(`ApiKey robot:${KEY}`);
    expect(found.notes).toEqual(['TUTUM_AUTH is passed over: EVENKEEL_API_KEY_FILE is set']);
    const alone = file('alone', KEY);
    expect(await header({ EVENKEEL_API_KEY_FILE: alone, TUTUM_USER: 'me' })).toBe(`ApiKey me:${KEY}`);
  });

  it.each([
    ['quoted', `[auth]\nuser = "me"\napikey = "${KEY}"\n`],
    ['not quoted, with Windows line ends', `[auth]\r\nuser=me\r\napikey=${KEY}\r\n`],
    ['among other sections', `[other]\nuser = you\napikey = no\n\n[auth]\nuser: 'me'\napikey : ${KEY}\n`],
  ])('come from ~/.tutum, %s', async (_, text) => {
    file('.tutum', text);
    expect(await header({})).toBe(`ApiKey me:${KEY}`);
  });

  it('come from basic_auth in ~/.tutum', async () => {
    file('.tutum', '[auth]\nbasic_auth = "bWU6eA=="\n');
    expect(await header({})).toBe('Basic bWU6eA==');
  });

  it('in ~/.tutum that others can read are taken, as old tools wrote it so, and told about', async () => {
    file('.tutum', `[auth]\nuser = me\napikey = ${KEY}\n`, 0o644);
    expect((await find({})).notes).toEqual([`${home}/.tutum has mode 0644, so others can read the key`]);
  });

  it.each([0o644, 0o640, 0o604, 0o660, 0o601])('in a key file of mode %o are refused', async (mode) => {
    const path = file('key', `me:${KEY}`, mode);
    await expect(find({ EVENKEEL_API_KEY_FILE: path })).rejects.toMatchObject({ code: 'EK504', exit: 3 });
  });

  const incomplete: [string, () => Record<string, string>, string][] = [
    ['nothing at all', () => ({}), 'EK503'],
    ['a key without a user', () => ({ TUTUM_APIKEY: KEY }), 'EK503'],
    ['a key file that is not there', () => ({ EVENKEEL_API_KEY_FILE: join(home, 'none') }), 'EK503'],
    ['a key file that is a directory', () => ({ EVENKEEL_API_KEY_FILE: home }), 'EK505'],
    ['an empty key file', () => ({ EVENKEEL_API_KEY_FILE: file('key', '\n') }), 'EK503'],
    [
      'a key alone in a file, without TUTUM_USER',
      () => ({ EVENKEEL_API_KEY_FILE: file('key', KEY) }),
      'EK503',
    ],
    [
      'two lines in a key file',
      () => ({ EVENKEEL_API_KEY_FILE: file('key', `me:${KEY}\nX-Evil: 1`) }),
      'EK505',
    ],
    ['a header in a variable', () => ({ TUTUM_AUTH: `ApiKey me:${KEY}\r\nX-Evil: 1` }), 'EK505'],
    [
      'half a ~/.tutum',
      () => {
        file('.tutum', `[auth]\napikey = ${KEY}\n`);
        return {};
      },
      'EK503',
    ],
  ];
  it.each(incomplete)('with %s are an error that shows no key', async (_, env, code) => {
    const error: unknown = await find(env()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code });
    expect(inspect(error, { depth: 9, showHidden: true }) + String(error)).not.toContain('canary');
  });

  it('show themselves to nobody', async () => {
    const found = await find({ TUTUM_USER: 'me', TUTUM_APIKEY: KEY });
    const shown = [
      String(found),
      JSON.stringify({ found }),
      inspect(found, { depth: 9, showHidden: true }),
      inspect({ deep: { found } }, { depth: 9, showHidden: true }),
      JSON.stringify(Object.entries(found)),
    ].join();
    expect(shown).not.toContain('canary');
    expect(shown).toContain('[secret]');
  });
});
