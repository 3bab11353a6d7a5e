/** What counts as a difference, kind by kind (design §5). */
import { describe, expect, test } from 'vitest';
import { diff, fieldsOf } from '../../src/decide/diff.ts';
import type { Unknown } from '../../src/service/service.ts';
import type { Port, Spec } from '../../src/service/spec.ts';

const tcp = (inner_port: number, outer_port?: number): Port =>
  outer_port === undefined ? { protocol: 'tcp', inner_port } : { protocol: 'tcp', inner_port, outer_port };
const env = (values: Record<string, string>): Spec => ({
  container_envvars: Object.entries(values).map(([key, value]) => ({ key, value })),
});
const DB = { name: 'db', to_service: '/api/v1/service/u-db/' };
const MQ = { name: 'mq', to_service: '/api/v1/service/u-mq/' };
const DATA = { volume: 'data', container_path: '/data' };

const differs = (
  declared: Spec,
  live: Spec,
  whole: boolean,
  over: { ignore?: readonly never[]; unknowns?: readonly Unknown[] } = {},
) => diff(declared, live, { whole, ignore: [], unknowns: [], ...over });

describe('a declared field against the live one', () => {
  /** [what, declared, live, differs on a server that returns what was set, differs where lists are filled in] */
  test.each<readonly [string, Spec, Spec, boolean, boolean]>([
    ['the same image', { image: 'nginx:1' }, { image: 'nginx:1' }, false, false],
    ['another tag', { image: 'nginx:2' }, { image: 'nginx:1' }, true, true],
    ['no tag is latest', { image: 'nginx' }, { image: 'nginx:latest' }, false, false],
    ['the hub by its full name', { image: 'docker.io/library/nginx:1' }, { image: 'nginx:1' }, false, false],
    ['another registry', { image: 'quay.io/nginx:1' }, { image: 'nginx:1' }, true, true],
    ['a digest', { image: 'nginx@sha256:a' }, { image: 'nginx@sha256:b' }, true, true],
    ['the same target', { target_num_containers: 2 }, { target_num_containers: 2 }, false, false],
    ['target 0 against 1', { target_num_containers: 0 }, { target_num_containers: 1 }, true, true],
    ['a command', { run_command: 'a' }, { run_command: 'b' }, true, true],
    ['an empty command', { run_command: '' }, { run_command: 'b' }, true, true],
    ['an entrypoint', { entrypoint: 'a' }, { entrypoint: 'a' }, false, false],
    ['autorestart', { autorestart: 'ALWAYS' }, { autorestart: 'OFF' }, true, true],
    ['autoreplace', { autoreplace: 'ALWAYS' }, { autoreplace: 'ON_FAILURE' }, true, true],
    ['autodestroy', { autodestroy: 'OFF' }, { autodestroy: 'OFF' }, false, false],
    ['a false against a true', { sequential_deployment: false }, { sequential_deployment: true }, true, true],
    ['memory', { memory: 0 }, { memory: 64 }, true, true],
    ['cpu shares', { cpu_shares: 5 }, { cpu_shares: 5 }, false, false],
    [
      'ports in another order',
      { container_ports: [tcp(80, 8080), tcp(81)] },
      { container_ports: [tcp(81), tcp(80, 8080)] },
      false,
      false,
    ],
    [
      'a port more than declared',
      { container_ports: [tcp(80, 8080)] },
      { container_ports: [tcp(80, 8080), tcp(81)] },
      true,
      false,
    ],
    [
      'a declared port that is not there',
      { container_ports: [tcp(80), tcp(81)] },
      { container_ports: [tcp(80)] },
      true,
      true,
    ],
    [
      'another outer port',
      { container_ports: [tcp(80, 8080)] },
      { container_ports: [tcp(80, 9090)] },
      true,
      true,
    ],
    [
      'an outer port the server picked',
      { container_ports: [tcp(80)] },
      { container_ports: [tcp(80, 32768)] },
      true,
      false,
    ],
    [
      'an outer port that is now wished',
      { container_ports: [tcp(80, 8080)] },
      { container_ports: [tcp(80)] },
      true,
      true,
    ],
    [
      'another protocol',
      { container_ports: [{ protocol: 'udp', inner_port: 53 }] },
      { container_ports: [tcp(53)] },
      true,
      true,
    ],
    ['no ports wished', { container_ports: [] }, { container_ports: [tcp(80)] }, true, false],
    [
      'links in another order',
      { linked_to_service: [DB, MQ] },
      { linked_to_service: [MQ, DB] },
      false,
      false,
    ],
    ['a link more', { linked_to_service: [DB] }, { linked_to_service: [DB, MQ] }, true, false],
    ['a link less', { linked_to_service: [DB, MQ] }, { linked_to_service: [DB] }, true, true],
    [
      'a link to another uuid',
      { linked_to_service: [{ ...DB, to_service: '/api/v1/service/u-2/' }] },
      { linked_to_service: [DB] },
      true,
      true,
    ],
    [
      'a link by another name',
      { linked_to_service: [{ ...DB, name: 'database' }] },
      { linked_to_service: [DB] },
      true,
      true,
    ],
    [
      'a link to one that is not made yet',
      { linked_to_service: [{ ...DB, to_service: '@db' }] },
      { linked_to_service: [DB] },
      true,
      true,
    ],
    ['the same roles', { roles: ['global'] }, { roles: ['global'] }, false, false],
    ['a role more', { roles: [] }, { roles: ['global'] }, true, false],
    ['a role less', { roles: ['global'] }, { roles: [] }, true, true],
    ['labels in another order', { labels: { a: '1', b: '2' } }, { labels: { b: '2', a: '1' } }, false, false],
    ['a label more', { labels: { a: '1' } }, { labels: { a: '1', b: '2' } }, true, false],
    ['a label with another value', { labels: { a: '1' } }, { labels: { a: '2' } }, true, true],
    ['a binding', { bindings: [DATA] }, { bindings: [{ ...DATA, rewritable: true }] }, false, false],
    [
      'a binding that is read-only',
      { bindings: [DATA] },
      { bindings: [{ ...DATA, rewritable: false }] },
      true,
      true,
    ],
    [
      'a binding of another volume',
      { bindings: [DATA] },
      { bindings: [{ ...DATA, volume: 'x' }] },
      true,
      true,
    ],
    [
      'a binding at another path',
      { bindings: [DATA] },
      { bindings: [{ ...DATA, container_path: '/x' }] },
      true,
      true,
    ],
    ['the same variables in another order', env({ A: '1', B: '2' }), env({ B: '2', A: '1' }), false, false],
    ['a variable more', env({ A: '1' }), env({ A: '1', PATH: '/bin' }), true, false],
    ['a variable less', env({ A: '1', B: '2' }), env({ A: '1' }), true, true],
    ['a variable with another value', env({ A: '1' }), env({ A: '2' }), true, true],
    ['an empty value is a value', env({ A: '' }), env({ A: '2' }), true, true],
  ])('%s', (_, declared, live, whole, byKey) => {
    expect(differs(declared, live, true).length > 0).toBe(whole);
    expect(differs(declared, live, false).length > 0).toBe(byKey);
  });
});

describe('what is never compared', () => {
  test('a field that the manifest does not declare', () => {
    expect(differs({}, { image: 'nginx:1', autorestart: 'ALWAYS', labels: { a: '1' } }, true)).toEqual([]);
  });
  test('a field that the API did not report', () => {
    expect(differs({ image: 'nginx:1', roles: ['global'], ...env({ A: '1' }) }, {}, true)).toEqual([]);
  });
  test('a field that is ignored', () => {
    const options = {
      whole: true,
      ignore: ['target_num_containers', 'container_envvars'],
      unknowns: [],
    } as const;
    const declared = { image: 'nginx:2', target_num_containers: 3, ...env({ A: '1' }) };
    const live = { image: 'nginx:1', target_num_containers: 1, ...env({ A: '2' }) };
    expect(fieldsOf(diff(declared, live, options))).toEqual(['image']);
  });
  test('a variable whose value is unknown, whether it is live or not', () => {
    const unknowns = [
      { field: 'container_envvars', key: 'PASSWORD', variable: 'DB_PASSWORD' },
      { field: 'container_envvars', key: 'TOKEN', variable: 'TOKEN' },
    ] as const;
    const found = differs(env({ A: '1' }), env({ A: '2', PASSWORD: 'x' }), true, { unknowns });
    expect(found).toEqual([{ field: 'container_envvars', key: 'A', change: 'changed' }]);
  });
  test('an unknown of another field does not hide a variable of that name', () => {
    const unknowns = [{ field: 'image', key: 'A', variable: 'TAG' }] as const;
    expect(differs(env({ A: '1' }), env({ A: '2' }), true, { unknowns })).toHaveLength(1);
  });
});

describe('what a difference says', () => {
  test('live and wanted, in the order of the field table', () => {
    const declared = { autorestart: 'ALWAYS', target_num_containers: 3, image: 'nginx:2' } as const;
    const live = { image: 'nginx:1', target_num_containers: 1, autorestart: 'OFF' } as const;
    expect(differs(declared, live, true)).toEqual([
      { field: 'image', live: 'nginx:1', wanted: 'nginx:2' },
      { field: 'target_num_containers', live: 1, wanted: 3 },
      { field: 'autorestart', live: 'OFF', wanted: 'ALWAYS' },
    ]);
  });
  test('of variables only the keys, sorted, and what became of each', () => {
    const found = differs(
      env({ B: 'new-b', A: 'new-a', D: 'd' }),
      env({ B: 'old-b', C: 'old-c', D: 'd' }),
      true,
    );
    expect(found).toEqual([
      { field: 'container_envvars', key: 'A', change: 'added' },
      { field: 'container_envvars', key: 'B', change: 'changed' },
      { field: 'container_envvars', key: 'C', change: 'removed' },
    ]);
    expect(JSON.stringify(found)).not.toMatch(/old-|new-/);
  });
  test('each field once, however many keys differ', () => {
    const found = differs(
      { ...env({ A: '1', B: '1' }), image: 'b' },
      { ...env({ A: '2', B: '2' }), image: 'a' },
      true,
    );
    expect(fieldsOf(found)).toEqual(['image', 'container_envvars']);
  });
});
