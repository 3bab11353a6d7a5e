/** `value_from.file`: inside the secrets directory, and nowhere else. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { secretFiles } from '../../src/source/secrets.ts';

let top: string;
let root: string;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'evenkeel-'));
  root = join(top, 'secrets');
  mkdirSync(join(root, 'db'), { recursive: true });
  mkdirSync(join(top, 'secrets-not'));
  writeFileSync(join(root, 'db', 'pw'), 'one\n\n');
  writeFileSync(join(root, 'dos'), 'two\r\n');
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, 'latin1'), Uint8Array.of(0xe9));
  writeFileSync(join(root, 'nul'), 'a\0b');
  writeFileSync(join(root, 'large'), 'x'.repeat(70_000));
  writeFileSync(join(top, 'outside'), 'CANARY');
  writeFileSync(join(top, 'secrets-not', 'x'), 'CANARY');
  symlinkSync('../outside', join(root, 'link-out'));
  symlinkSync('db/pw', join(root, 'link-in'));
  symlinkSync('..', join(root, 'up'));
});

afterAll(() => rmSync(top, { recursive: true }));

it.each([
  ['db/pw', 'one\n'],
  ['./db/../db/pw', 'one\n'],
  ['link-in', 'one\n'],
  ['dos', 'two'],
  ['empty', ''],
])('gives %s without the newline at its end', (path, text) => {
  expect(secretFiles(root)(path)).toEqual({ ok: true, text });
});

it('takes an absolute path that stays inside', () => {
  expect(secretFiles(root)(join(root, 'db', 'pw'))).toEqual({ ok: true, text: 'one\n' });
});

it.each([
  ['../outside', 'it leads out of the secrets directory'],
  ['../secrets-not/x', 'it leads out of the secrets directory'],
  ['link-out', 'it leads out of the secrets directory'],
  ['up/outside', 'it leads out of the secrets directory'],
  ['/etc/hostname', 'it leads out of the secrets directory'],
  ['gone', 'no such file or directory'],
  ['db', 'it is not a regular file'],
  ['.', 'it leads out of the secrets directory'],
  ['latin1', 'it is not UTF-8 text'],
  ['nul', 'it holds a NUL character'],
  ['large', 'it is larger than 64 KiB'],
  ['a\0b', 'ERR_INVALID_ARG_VALUE'],
])('refuses %s and says why', (path, error) => {
  expect(secretFiles(root)(path)).toEqual({ ok: false, error });
});

it('reads a changed secret anew', () => {
  const file = secretFiles(root);
  writeFileSync(join(root, 'changing'), '1');
  expect(file('changing')).toEqual({ ok: true, text: '1' });
  writeFileSync(join(root, 'changing'), '2');
  expect(file('changing')).toEqual({ ok: true, text: '2' });
});
