import { describe, expect, it } from 'vitest';
import { blockSentence, objectionSentence } from '../../src/render/blocks.ts';
import { visible } from '../../src/render/safe.ts';
import { noteSentence, reasonSentence } from '../../src/render/words.ts';
import { EVERY_BLOCK, EVERY_NOTE, EVERY_OBJECTION, EVERY_REASON } from '../support/plans.ts';

describe('words', () => {
  it('gives every code one sentence', async () => {
    const lines = (title: string, rows: readonly (readonly [string, string])[]) =>
      [`== ${title}`, ...rows.map(([code, sentence]) => `${code}\n    ${sentence}`)].join('\n');
    const text = [
      lines(
        'reasons',
        Object.values(EVERY_REASON).map((one) => [one.code, reasonSentence(one, visible)]),
      ),
      lines(
        'blocks',
        Object.values(EVERY_BLOCK).map((one) => [one.code, blockSentence('web', one, visible)]),
      ),
      lines(
        'objections',
        Object.values(EVERY_OBJECTION).map((one) => [one.code, objectionSentence(one, visible)]),
      ),
      lines(
        'notes',
        Object.values(EVERY_NOTE).map((one) => [one.code, noteSentence(one, visible)]),
      ),
    ].join('\n\n');
    await expect(`${text}\n`).toMatchFileSnapshot('../golden/words.txt');
  });

  it('tells a service without a mark from one of another owner', () => {
    const unmarked = blockSentence('web', { ...EVERY_BLOCK.foreign, owner: undefined }, visible);
    expect(unmarked).toContain('reconcile.adopt: true');
    expect(blockSentence('web', EVERY_BLOCK.foreign, visible)).toContain('other-team');
  });

  it('says in each block what a person can do', () => {
    for (const block of Object.values(EVERY_BLOCK))
      expect(blockSentence('web', block, visible)).toMatch(/[;:] .*/);
  });
});
