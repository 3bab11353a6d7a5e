import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { RENDERERS } from '../../src/render/index.ts';
import { LIMIT, MARKER } from '../../src/render/markdown.ts';
import { PLAIN_OPTIONS } from '../../src/render/options.ts';
import type { Difference } from '../../src/service/service.ts';
import {
  CANARY,
  EVERY_BLOCK,
  fullPlan,
  HOSTILE,
  hostileService,
  operation,
  plan,
  service,
} from '../support/plans.ts';

const OPTIONS = { ...PLAIN_OPTIONS, rate: '10/s', paths: ['fleet', "it's here"], owner: 'team-a' };
const COLOURED = { ...OPTIONS, paint: pc.createColors(true) };

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/plan.schema.json', import.meta.url), 'utf8'),
) as object;

/** The published schema lets members be added; for our own output every member must be in it. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  return 'properties' in copy && copy['type'] === 'object' ? { ...copy, additionalProperties: false } : copy;
}

const isPlan = new Ajv({ allErrors: true }).compile(closed(schema) as object);

describe('plan as text', () => {
  it('shows what destroys data first, then each course with its reason and differences', async () => {
    await expect(RENDERERS.text(fullPlan(), OPTIONS)).toMatchFileSnapshot('../golden/plan.txt');
  });

  it('is the same text with colours, and has none without', async () => {
    const coloured = RENDERERS.text(fullPlan(), COLOURED);
    await expect(coloured).toMatchFileSnapshot('../golden/plan.coloured.txt');
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(coloured.replace(escapes, '')).toBe(RENDERERS.text(fullPlan(), OPTIONS));
  });

  it('forecasts the time that the rate limit costs, and none where it costs no whole second', () => {
    const told = (writes: number, atLeastSeconds: number) => {
      const made = plan([service('web')]);
      const summary = { ...made.summary, forecast: { writes, atLeastSeconds } };
      return RENDERERS.text({ ...made, summary }, OPTIONS)
        .split('\n')
        .at(-2);
    };
    expect(told(1, 0)).toBe('Forecast: 1 write, and the time the server takes.');
    expect(told(19, 0.9)).toBe('Forecast: 19 writes, and the time the server takes.');
    expect(told(20, 1)).toBe('Forecast: 20 writes, at least 1 s at 10/s, and the time the server takes.');
  });

  it('says that there is nothing to do, and for how many', () => {
    expect(RENDERERS.text(plan([service('web'), service('db')]), OPTIONS)).toBe(
      'Nothing to do (2 in sync).\n',
    );
  });
});

it.each([
  ['files-0123456789abcdef', 'manifest changed: image'],
  ['3f2a9c1e5b7d8f60a1b2c3d4e5f6071829304a5b', 'git changed: image'],
])('says of the manifests of %s: %s', (revision, said) => {
  const image: Difference = { field: 'image', live: 'a', wanted: 'b' };
  const course = [operation({ verb: 'update', uuid: 'u', patch: { image: 'b' } }, 'Redeploying')];
  const web = service('web', { course, differences: [image], changed: { live: [], git: ['image'] } });
  for (const format of ['text', 'markdown'] as const)
    expect(RENDERERS[format](plan([web], { revision }), OPTIONS).replaceAll('`', '')).toContain(said);
});

describe('plan as JSON', () => {
  it('is the published format', async () => {
    const text = RENDERERS.json(fullPlan(), OPTIONS);
    await expect(text).toMatchFileSnapshot('../golden/plan.json');
    expect(isPlan(JSON.parse(text)), JSON.stringify(isPlan.errors)).toBe(true);
  });

  it.each(Object.values(EVERY_BLOCK))('is the published format when blocked: $code', (block) => {
    const text = RENDERERS.json(plan([service('web', { end: { kind: 'blocked', block } })]), OPTIONS);
    expect(isPlan(JSON.parse(text)), JSON.stringify(isPlan.errors)).toBe(true);
    expect(JSON.parse(text)).toMatchObject({ services: [{ end: 'blocked', code: block.code }] });
  });

  it('has equal bytes for equal plans, whatever the order of keys', () => {
    const backwards = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(backwards);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, one]) => [key, backwards(one)]),
      );
    };
    const turned = backwards(fullPlan()) as ReturnType<typeof fullPlan>;
    expect(RENDERERS.json(turned, OPTIONS)).toBe(RENDERERS.json(fullPlan(), OPTIONS));
  });

  it('keeps hostile text as a value and shows none of it raw', () => {
    for (const text of HOSTILE) {
      const output = RENDERERS.json(plan([hostileService('web', text)]), OPTIONS);
      expect(output).not.toMatch(/[\p{Cf}\p{Zl}\u007f-\u009f]|##(?:vso)?\[/u);
      expect((JSON.parse(output) as { services: { name: string }[] }).services[0]?.name).toBe(`web${text}`);
    }
  });
});

describe('plan as Markdown', () => {
  it('is ready for a comment', async () => {
    await expect(RENDERERS.markdown(fullPlan(), OPTIONS)).toMatchFileSnapshot('../golden/plan.md');
  });

  it('starts with the marker by which the comment is found again, and has it once', () => {
    const output = RENDERERS.markdown(plan([hostileService('web', MARKER)]), OPTIONS);
    expect(output.startsWith(`${MARKER}\n`)).toBe(true);
    expect(output.split(`\n${MARKER}`)).toHaveLength(1);
  });

  it('leaves hostile text inert: outside code spans there is none of it', () => {
    for (const text of HOSTILE) {
      const output = RENDERERS.markdown(plan([hostileService('web', text)]), OPTIONS);
      const rest = withoutCodeSpans(output.slice(MARKER.length));
      expect(rest).not.toMatch(/[<@[\]|`]|forged|heading|reversed|evil/);
      // Every line is one of ours: nothing from outside starts one.
      for (const line of output.split('\n').slice(1))
        expect(line).toMatch(/^(?:#{2,3} |> |- | {2}- |[A-Z0-9…]|$)/);
    }
  });

  it('is at most 60,000 characters: whole services are cut, deletes last of all', () => {
    const many = Array.from({ length: 3000 }, (_, n) =>
      service(`web-${String(n).padStart(4, '0')}`, {
        course: [
          operation({ verb: 'update', uuid: 'u', patch: { image: 'b' } }, 'Redeploying', {
            code: 'differs',
            differences: [],
          }),
        ],
        differences: [{ field: 'image', live: 'x'.repeat(500), wanted: 'y' }],
      }),
    );
    const gone = service('zz-gone', {
      want: 'absent',
      course: [operation({ verb: 'terminate', uuid: 'u' }, 'Terminating', { code: 'unwanted' })],
    });
    const output = RENDERERS.markdown(plan([...many, gone]), OPTIONS);
    expect(output.length).toBeLessThanOrEqual(LIMIT);
    expect(output).toContain('`zz-gone`');
    const shown = output.match(/^- /gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(50);
    expect(output).toContain(`… and ${3001 - shown} more services`);
  });

  it('does not let one enormous service push the others out', () => {
    const keys = Array.from({ length: 5000 }, (_, n) => `KEY_${n}`);
    const big = service('aaa', {
      course: [operation({ verb: 'redeploy', uuid: 'u', token: undefined }, 'Redeploying')],
      unknowns: keys.map((key) => ({ field: 'container_envvars', key, variable: key })),
    });
    const output = RENDERERS.markdown(plan([big, hostileService('bbb', 'x'.repeat(100_000))]), OPTIONS);
    expect(output.length).toBeLessThan(12_000);
    expect(output).toContain('more lines');
    expect(output).toContain('`bbb');
  });
});

describe.each(Object.keys(RENDERERS) as (keyof typeof RENDERERS)[])('every output: %s', (format) => {
  it('holds no value of an environment variable', () => {
    const leaky = fullPlan();
    const refused = service('leaky', {
      course: [
        operation(
          {
            verb: 'create',
            spec: { container_envvars: [{ key: 'A', value: CANARY }] },
            redeployToken: undefined,
          },
          'Init',
        ),
      ],
      end: {
        kind: 'blocked',
        block: { ...EVERY_BLOCK.refused, message: `bad value ${JSON.stringify(CANARY)}: ${CANARY}` },
      },
    });
    const output = RENDERERS[format](plan([...leaky.services, refused]), COLOURED);
    expect(output).toContain('DB_PASSWORD');
    expect(output).not.toContain('s3cr3t');
  });

  it('neutralises control characters, reordering and the commands of CI systems', () => {
    for (const text of HOSTILE) {
      const output = RENDERERS[format](plan([hostileService('web', text)]), OPTIONS);
      expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(output).not.toMatch(/^\s*::|##\w*\[/m);
    }
  });
});

/** What Markdown would still interpret: code spans removed as CommonMark finds them. */
function withoutCodeSpans(markdown: string): string {
  return markdown.replace(/(?<!`)(`+)(?!`)(.*?[^`])\1(?!`)/g, '');
}
