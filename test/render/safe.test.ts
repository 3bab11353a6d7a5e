import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, codeSpan, short, visible } from '../../src/render/safe.ts';
import { table } from '../../src/render/table.ts';

const anything = fc.string({ unit: 'binary', maxLength: 60 });

describe('safe text', () => {
  it('is one visible line for any text', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(visible(text)).not.toMatch(/^\s*::/);
      }),
    );
  });

  it('leaves ordinary text as it is', () => {
    for (const text of ['web', 'nginx:1.27', 'größe → 7 ✓', 'a#b [c] ##', 'x::y', '日本語'])
      expect(visible(text)).toBe(text);
  });

  it('makes a code span that no text can leave', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[`a ]{0,20}$/), (text) => {
        const span = codeSpan(text);
        const fence = /^`+/.exec(span)?.[0] ?? '';
        const inner = span.slice(fence.length, -fence.length);
        expect(span.endsWith(fence)).toBe(true);
        // CommonMark closes at the first run of exactly the fence's length.
        expect((inner.match(/`+/g) ?? []).some((run) => run.length === fence.length)).toBe(false);
        expect(inner).not.toMatch(/^`|`$/);
      }),
    );
  });

  it('cuts long text between characters and says how long it was', () => {
    expect(short('x'.repeat(500), 10)).toBe('xxxxxxxxxx… (500 characters)');
    expect(short('😀'.repeat(9), 5)).not.toMatch(/\p{Cs}/u);
  });

  it('escapes JSON without changing what it says', () => {
    fc.assert(
      fc.property(fc.dictionary(anything, anything), (value) => {
        const text = canonicalJson(value);
        expect(text).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u007f-\u009f]|##\w*\[/u);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('aligns columns with spaces only', () => {
    expect(table([['a', 'bb', 'c'], ['aaa', 'b'], []])).toEqual(['a    bb  c', 'aaa  b', '']);
  });
});
