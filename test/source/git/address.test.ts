import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/service/failure.ts';
import { parseBranch, parseGitUrl, parseRef, parseTreePath } from '../../../src/source/git/address.ts';

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof UserError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('a repository URL', () => {
  it.each([
    ['https://git.example.com/ops/fleet.git', 'https'],
    ['https://git.example.com:8443/ops/fleet', 'https'],
    ['http://127.0.0.1:3000/fleet.git', 'http'],
    ['http://localhost/fleet.git', 'http'],
    ['http://[::1]:3000/fleet.git', 'http'],
    ['ssh://git@git.example.com:2222/ops/fleet.git', 'ssh'],
    ['ssh://git@git.example.com/~ops/fleet.git', 'ssh'],
    ['git@github.com:ops/fleet.git', 'ssh'],
    ['git.example.com:fleet.git', 'ssh'],
    ['file:///srv/git/fleet.git', 'file'],
  ])('%s is taken', (url, scheme) => {
    expect(parseGitUrl(url)).toEqual({ text: url, scheme });
  });

  it('is written as git knows its transport', () => {
    expect(parseGitUrl('HTTPS://git.example.com/x')).toEqual({
      text: 'https://git.example.com/x',
      scheme: 'https',
    });
  });

  it.each([
    'ext::sh -c touch% /tmp/pwned',
    'ext::sh',
    'fd::17',
    'git://git.example.com/fleet.git',
    'ftp://git.example.com/fleet.git',
    '--upload-pack=touch pwned',
    '-oProxyCommand=x:y',
    'ssh://-oProxyCommand=touch/x',
    'ssh://git@-oProxyCommand=x/y',
    'ssh://-x@host/y',
    '-x@host:y',
    'host:-y',
    'http://git.example.com/fleet.git',
    'http://169.254.169.254/latest',
    'https://git.example.com',
    'https://git.example.com/-x',
    'https://git.example.com/a?b',
    'https://git.example.com/a#b',
    'https://git.example.com/a b',
    'https://git.example.com/a\nb',
    'https://git.example.com/a"b',
    'file://host/srv/x',
    '/srv/git/fleet.git',
    './fleet.git',
    '',
  ])('%j is refused', (url) => {
    expect(refusal(() => parseGitUrl(url))).toMatch(/^EK531 /);
  });

  it.each([
    'https://user:s3cr3t-canary@git.example.com/x',
    'https://s3cr3t-canary@git.example.com/x',
    'ssh://git:s3cr3t-canary@git.example.com/x',
    'https://git.example.com/x?token=s3cr3t-canary',
  ])('with credentials in it is refused without repeating them (%#)', (url) => {
    expect(refusal(() => parseGitUrl(url))).toMatch(/^EK531 (?!.*canary)/);
  });
});

describe('a branch or ref', () => {
  it('is looked for under its full names', () => {
    expect(parseBranch('team/x').candidates).toEqual(['refs/heads/team/x']);
    expect(parseRef('v1').candidates).toEqual(['refs/heads/v1', 'refs/tags/v1']);
    expect(parseRef('refs/pull/7/head').candidates).toEqual(['refs/pull/7/head']);
    expect(parseRef('a'.repeat(40))).toMatchObject({ kind: 'commit' });
  });

  it.each([
    '--upload-pack=touch pwned',
    '-x',
    '+main',
    'a..b',
    'a b',
    'a:b',
    'a~1',
    'a^',
    'a*',
    'a?',
    'a[',
    'a\\b',
    'a@{1}',
    '@',
    'a.lock',
    'a.lock/b',
    'a/.b',
    'a//b',
    '/a',
    'a/',
    'a.',
    'a\u0007',
    '',
    'x'.repeat(300),
  ])('%j is refused', (name) => {
    expect(refusal(() => parseBranch(name))).toMatch(/^EK532 /);
    expect(refusal(() => parseRef(name))).toMatch(/^EK532 /);
  });
});

describe('a path', () => {
  it.each([
    ['services/', 'services'],
    ['./a/b//', 'a/b'],
    ['.', ''],
    ['./', ''],
    ['a b/ü', 'a b/ü'],
    ['-x', '-x'],
    [':(glob)x', ':(glob)x'],
  ])('%j is %j inside the repository', (text, path) => {
    expect(parseTreePath(text)).toBe(path);
  });

  it.each(['..', '../x', 'a/../b', '/', '/etc', 'a//b', 'a/./b', 'a\nb', 'a\0b', ''])(
    '%j is refused',
    (text) => {
      expect(refusal(() => parseTreePath(text))).toMatch(/^EK533 /);
    },
  );
});
