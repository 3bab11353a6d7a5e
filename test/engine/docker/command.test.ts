import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinWords, splitWords, Unfinished } from '../../../src/engine/docker/command.ts';

/** What a shell makes of it, each word on its own. */
function shell(text: string): string[] {
  const out = execFileSync('sh', ['-c', `set -f; for word in ${text}; do printf '%s\\0' "$word"; done`]);
  return out.toString('utf8').split('\0').slice(0, -1);
}

describe('a command given as one string', () => {
  it.each([
    '/run.sh',
    'nginx -g "daemon off;"',
    `sh -c 'echo "it'"'"'s" && sleep 1'`,
    String.raw`a\ b "c\"d" 'e\f' "g\h\\i"`,
    `''  "" x`,
    'one\\\n two',
    String.raw`--pattern='\d+' "\$HOME" \$HOME`,
  ])('is split as a shell splits it: %s', (text) => {
    expect(splitWords(text)).toEqual(shell(text));
  });

  it('is not expanded, run or cut at what means something to a shell', () => {
    expect(splitWords('echo $HOME ${X} * && rm -rf / #no `id` a;b|c >d')).toEqual(
      'echo $HOME ${X} * && rm -rf / #no `id` a;b|c >d'.split(' '),
    );
  });

  it.each(['"open', "it's", 'end\\', '"a\\"'])('without an end is refused: %s', (text) => {
    expect(() => splitWords(text)).toThrow(Unfinished);
  });

  it('has no words when it is empty', () => {
    expect(splitWords('')).toEqual([]);
    expect(splitWords(' \t\n')).toEqual([]);
  });

  it('comes back from any words, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        expect(splitWords(joinWords(words))).toEqual(words);
      }),
    );
  });
});
