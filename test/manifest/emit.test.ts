/** Live services written as manifests, and read again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emit } from '../../src/manifest/emit.ts';
import { FIELDS, isField } from '../../src/service/fields.ts';
import { STDIN_PATH } from '../../src/service/limits.ts';
import type { Live } from '../../src/service/service.ts';
import type { Spec } from '../../src/service/spec.ts';
import { serviceUri } from '../../src/service/uri.ts';
import { loadFiles, rendered } from '../support/manifests.ts';

function live(name: string, fields: Spec, over: Partial<Live> = {}): Live {
  return {
    uuid: `uuid-${name}`,
    name,
    state: 'Running',
    fields: { image: 'nginx:1.27', ...fields },
    mark: undefined,
    redeployToken: undefined,
    linkedFrom: undefined,
    containers: {},
    deployedAt: undefined,
    note: undefined,
    ...over,
  };
}

const names = (services: readonly Live[]) => new Map(services.map(({ uuid, name }) => [uuid, name]));
const read = (text: string) => loadFiles({ [STDIN_PATH]: text });

describe('live services as manifests', () => {
  it('say what is not at its default, links by name, values by reference', async () => {
    const db = live('db', { image: 'redis:7.4', container_ports: [], run_command: '', roles: [], memory: 0 });
    const web = live(
      'web',
      {
        target_num_containers: 3,
        run_command: 'sh -c "echo $HOME"',
        container_ports: [{ protocol: 'tcp', inner_port: 80, outer_port: 8080 }],
        container_envvars: [
          { key: 'DB_PASSWORD', value: 'CANARY' },
          { key: 'a.b-c', value: 'CANARY' },
          { key: 'a_b_c', value: 'CANARY' },
        ],
        linked_to_service: [
          { to_service: serviceUri('uuid-db'), name: 'database' },
          { to_service: serviceUri('gone'), name: 'gone' },
        ],
        autorestart: 'ALWAYS',
        autoreplace: 'OFF',
        sequential_deployment: false,
        labels: { team: 'a' },
      },
      { state: 'Stopped', redeployToken: '7' },
    );
    const { text, skipped } = emit([web, db], { names: names([web, db]), inlineValues: false });
    expect(skipped).toEqual([]);
    expect(text).not.toContain('CANARY');
    await expect(text).toMatchFileSnapshot('golden/export.yaml');
    expect(read(text).diagnostics).toEqual([]);
  });

  it('with reconcile.adopt for adopting', () => {
    const { text } = emit([live('web', {})], { names: new Map(), inlineValues: false, adopt: true });
    expect(read(text).load.wishes[0]).toMatchObject({ adopt: true, want: 'running' });
  });

  it.each([
    ['Init', 1, 'stopped'],
    ['Stopped', 1, 'stopped'],
    ['Not running', 1, 'stopped'],
    ['Stopping', 1, 'stopped'],
    ['Stopped', 0, 'running'],
    ['Not running', 0, 'running'],
    ['Running', 1, 'running'],
    ['Partly running', 1, 'running'],
    ['Redeploying', 1, 'running'],
  ] as const)('wish for what is: %s with target %d is %s', (state, target, want) => {
    const { text } = emit([live('web', { target_num_containers: target }, { state })], {
      names: new Map(),
      inlineValues: false,
    });
    expect(read(text).load.wishes[0]?.want).toBe(want);
  });

  it('leave out what no manifest can say, with the reason', () => {
    const services = [
      live('Upper_Case', {}),
      live('twin', {}, { uuid: 'a' }),
      live('twin', {}, { uuid: 'b' }),
      live('old', {}, { state: 'Terminated' }),
      { ...live('no-image', {}), fields: {} },
      live('web', { linked_to_service: [{ to_service: serviceUri('a'), name: 'twin' }] }),
    ];
    const { text, skipped } = emit(services, { names: names(services), inlineValues: false });
    expect(skipped.map(({ name, why }) => `${name}: ${why}`)).toEqual([
      'Upper_Case: its name is not one that a manifest can have',
      'twin: two live services have this name',
      'twin: two live services have this name',
      'no-image: its image was not reported',
    ]);
    const { load, diagnostics } = read(text);
    expect(diagnostics).toEqual([]);
    expect(load.wishes).toMatchObject([
      { name: 'web', spec: { linked_to_service: [{ to_service: serviceUri('a') }] } },
    ]);
  });

  it('with links in a circle, or to themselves, can be loaded again', () => {
    const to = (name: string) => ({ to_service: serviceUri(`uuid-${name}`), name });
    const services = [
      live('a', { linked_to_service: [to('b'), to('a')] }),
      live('b', { linked_to_service: [to('c')] }),
      live('c', { linked_to_service: [to('a'), to('b')] }),
    ];
    const { load, diagnostics } = read(emit(services, { names: names(services), inlineValues: false }).text);
    expect(rendered(diagnostics)).toBe('');
    expect(load.wishes.map(({ spec }) => spec.linked_to_service?.length)).toEqual([2, 1, 2]);
  });

  it('name variables that a manifest may have', () => {
    const services = [
      live('tutum-app', { container_envvars: [{ key: 'K', value: 'v' }] }),
      live('1st', { container_envvars: [{ key: 'K', value: 'v' }] }),
    ];
    const { text } = emit(services, { names: new Map(), inlineValues: false });
    const { load, diagnostics } = loadFiles({ a: text }, { env: { _TUTUM_APP_K: 'v', _1ST_K: 'w' } });
    expect(diagnostics).toEqual([]);
    expect(load.wishes.flatMap(({ unknowns }) => unknowns)).toEqual([]);
  });
});

const hard = fc.constantFrom(
  ...[
    'yes',
    'no',
    '1',
    '0777',
    '1.10',
    'null',
    '~',
    '',
    '- a',
    'a: b',
    '# x',
    ' # x',
    '*a',
    '&b',
    '!c',
    '%d',
    '|',
    '>',
    '$',
    '$$',
  ],
  ...[
    '${X}',
    'a\nb',
    'a\n',
    '\n a',
    '  a ',
    '"',
    "'",
    '{',
    '[',
    '@',
    '`',
    '---',
    '...',
    '<<',
    'true',
    '\t',
    'a\tb',
    'a\r\nb',
  ],
  ...[
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u202e',
    'key: |\n x\n\n',
    '\u001b[31m',
    'x'.repeat(200),
    '名前',
    '\u{1f600}',
    '\\',
    '\\n',
  ],
);
const text = fc
  .oneof(hard, fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 8 }))
  .map((value) => value.replace(/[\p{Cs}\0]/gu, ''));
const key = text.filter((value) => /^[^=\s]+$/.test(value));
const auto = fc.constantFrom('OFF' as const, 'ON_FAILURE' as const, 'ALWAYS' as const);
const fields: fc.Arbitrary<Spec> = fc.record(
  {
    target_num_containers: fc.nat(20),
    run_command: text,
    entrypoint: text,
    container_envvars: fc.uniqueArray(fc.record({ key, value: text }), {
      selector: (each) => each.key,
      maxLength: 4,
    }),
    container_ports: fc.uniqueArray(
      fc.record(
        {
          protocol: fc.constantFrom('tcp' as const, 'udp' as const),
          inner_port: fc.integer({ min: 1, max: 65535 }),
          outer_port: fc.integer({ min: 1, max: 65535 }),
        },
        { requiredKeys: ['protocol', 'inner_port'] },
      ),
      { selector: (port) => port.outer_port ?? -port.inner_port, maxLength: 3 },
    ),
    labels: fc.dictionary(
      text.filter((value) => value !== '' && !/^(?:__proto__|constructor|prototype|<<)$/.test(value)),
      text,
      { maxKeys: 3, noNullPrototype: true },
    ),
    autorestart: auto,
    autoreplace: auto,
    autodestroy: auto,
    sequential_deployment: fc.boolean(),
    roles: fc.constantFrom([], ['global']),
    bindings: fc.constantFrom(
      [],
      [{ volume: 'data', container_path: '/data' }],
      [{ volume: 'd', container_path: '/a b', rewritable: false }],
    ),
    memory: fc.nat(1000),
    cpu_shares: fc.nat(1000),
  },
  { requiredKeys: [] },
);

/** What a manifest that leaves defaults out says of the live service. */
function withoutDefaults(spec: Spec): Spec {
  const kept = Object.entries(spec).filter(([field, value]) => {
    if (!isField(field)) return false;
    const empty = value === '' || (Array.isArray(value) && value.length === 0);
    return FIELDS[field].imageDerived
      ? !empty
      : JSON.stringify(value) !== JSON.stringify(FIELDS[field].default);
  });
  return Object.fromEntries(kept);
}

it('live services written with their values and read again are the same, whatever their texts', () => {
  fc.assert(
    fc.property(fields, text, (spec, token) => {
      const service = live('web', spec, { redeployToken: token.slice(0, 200) });
      const { text: yaml } = emit([service], { names: new Map(), inlineValues: true });
      const { load, diagnostics } = read(yaml);
      expect(rendered(diagnostics)).toBe('');
      const [wish] = load.wishes;
      expect(wish?.spec).toEqual(withoutDefaults(service.fields));
      expect(wish?.redeploy ?? '').toBe(token.slice(0, 200));
    }),
    { numRuns: 150 },
  );
});
