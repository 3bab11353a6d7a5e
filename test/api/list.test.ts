import { describe, expect, it } from 'vitest';
import type { HttpOutcome, HttpRequest } from '../../src/service/ports.ts';
import { html, json, page, row, scriptedClient } from '../support/api.ts';

const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => row(`u${from + index}`));

/** Answers like the platform: `limit` at most `most`, `next` a path. */
function pagedServer(
  services: readonly unknown[],
  most: number,
  change: (request: number) => void = () => {},
) {
  return (request: HttpRequest, number: number): HttpOutcome => {
    change(number);
    const query = new URL(request.path, 'http://api.test').searchParams;
    const limit = Math.min(most, Number(query.get('limit') ?? 25));
    const offset = Number(query.get('offset') ?? 0);
    const end = offset + limit;
    const next = end < services.length ? `/api/v1/service/?limit=${limit}&offset=${end}` : null;
    return json(
      200,
      page(services.slice(offset, end), { limit, next, offset, total_count: services.length }),
    );
  };
}

const trusts = async (answer: Parameters<typeof scriptedClient>[0]) => {
  const world = scriptedClient(answer);
  return { world, result: await world.list() };
};

describe('a list that may be trusted', () => {
  it('asks for 100, takes what it gets, and follows next to the end', async () => {
    const { world, result } = await trusts(pagedServer(many(60), 25));
    expect(result).toMatchObject({ ok: true, value: { pages: 3, full: false, capabilities: [] } });
    expect(result.ok && result.value.services.map((one) => one.uuid)).toEqual(
      many(60).map((one) => one.uuid),
    );
    expect(world.sent.map((one) => one.path)).toEqual([
      '/api/v1/service/?limit=100',
      '/api/v1/service/?limit=25&offset=25',
      '/api/v1/service/?limit=25&offset=50',
    ]);
    expect(result.ok && result.value.startedAt).toBe(world.sent[0]?.at);
  });

  it.each([
    ['no service, said so', page([])],
    ['a bare array', [row('a')]],
    ['no meta', { objects: many(3) }],
    ['a next that is an empty text', page(many(2), { next: '' })],
    ['a count that is text', page(many(2), { total_count: '2' })],
  ])('%s is trusted', async (_, body) => {
    const { result } = await trusts(() => json(200, body));
    expect(result).toMatchObject({ ok: true });
  });

  it('follows an absolute next of its own origin by path and query', async () => {
    const { world, result } = await trusts((_, number) =>
      number === 1
        ? json(
            200,
            page(many(2), { next: 'http://api.test/api/v1/service/?limit=2&offset=2', total_count: 3 }),
          )
        : json(200, page(many(1, 2), { total_count: 3 })),
    );
    expect(result).toMatchObject({ ok: true });
    expect(world.sent[1]?.path).toBe('/api/v1/service/?limit=2&offset=2');
  });

  it('reads what the server announces, and remembers it for writes', async () => {
    const { world, result } = await trusts(() =>
      json(200, page([]), { 'x-api-extensions': 'labels, full-list, from-the-future' }),
    );
    expect(result).toMatchObject({ ok: true, value: { capabilities: ['full-list', 'labels'], full: true } });
    const body = world.client.createBody({
      name: 'web',
      operation: { verb: 'create', spec: { image: 'nginx' }, redeployToken: undefined },
      mark: { owner: 'default', name: 'web', attempt: 'a1', in: 'container_envvars' },
    });
    expect(JSON.parse(body)).toEqual({
      name: 'web',
      image: 'nginx',
      labels: { EVENKEEL_OWNER: 'default/web/a1' },
    });
  });

  it('asks a server that speaks of no pages for what comes after a full hundred', async () => {
    const ignores = await trusts(() => json(200, many(100)));
    expect(ignores.result).toMatchObject({ ok: true });
    const hides = await trusts((request) =>
      json(200, request.path.includes('offset') ? many(5, 100) : many(100)),
    );
    expect(hides.result).toMatchObject({ ok: false });
  });
});

describe('a list that may not be trusted', () => {
  const json200 = (body: unknown) => () => json(200, body);
  const cases: [string, Parameters<typeof scriptedClient>[0]][] = [
    ['an empty body', json200('')],
    ['null', json200('null')],
    ['an empty object', json200({})],
    ['objects null', json200({ objects: null })],
    ['an error in a 200', json200({ error: 'try later' })],
    ['truncated JSON', json200('{"meta":{"total_count":1},"objects":[{"uuid":"a"')],
    ['objects said twice', json200('{"objects":[{"uuid":"a","name":"a","state":"Init"}],"objects":[]}')],
    ['objects said twice, once in escapes', json200('{"objects":[{"uuid":"a"}],"\\u006fbjects":[]}')],
    ['a 204', () => json(204, '')],
    ['a 202', () => json(202, page([]))],
    ['an HTML page', () => html(200)],
    ['JSON that is not declared as such', () => json(200, page([]), { 'content-type': 'text/plain' })],
    ['a redirect', () => json(302, '', { location: 'http://evil.test/' })],
    ['a 404 on the list', () => json(404, { error: 'no' })],
    ['exactly 25 without a count', json200({ objects: many(25) })],
    ['a bare array of exactly 25', json200(many(25))],
    ['fewer than counted', json200(page(many(2), { total_count: 3 }))],
    ['more than counted', json200(page(many(2), { total_count: 1 }))],
    ['a uuid twice', json200(page([row('a'), row('a')]))],
    ['a row that is null', json200(page([row('a'), null]))],
    ['a row without uuid', json200(page([row('a', { uuid: null })]))],
    ['a uuid that is a path', json200(page([row('a', { uuid: '../../x' })]))],
    ['a row whose name is a number', json200(page([row('a', { name: 7 })]))],
    ['a row without a state', json200(page([row('a', { state: undefined })]))],
    ['a negative count of containers', json200(page([row('a', { target_num_containers: -1 })]))],
    ['a target that is an object', json200(page([row('a', { target_num_containers: {} })]))],
    ['a next on another host', json200(page(many(2), { next: 'http://evil.test/api/v1/service/?offset=2' }))],
    [
      'a next on another scheme',
      json200(page(many(2), { next: 'https://api.test/api/v1/service/?offset=2' })),
    ],
    ['a protocol-relative next', json200(page(many(2), { next: '//evil.test/api/v1/service/?offset=2' }))],
    ['a next on another path', json200(page(many(2), { next: '/api/v1/action/?offset=2' }))],
    ['a next without offset', json200(page(many(2), { next: '/api/v1/service/?limit=25' }))],
    ['a next that leads to itself', json200(page(many(2), { next: '/api/v1/service/?offset=0' }))],
    ['a next that is a number', json200(page(many(2), { next: 7 }))],
    [
      'a next that leaves a gap, where nothing is counted',
      (_, number) =>
        json(
          200,
          number === 1
            ? page(many(2), { next: '/api/v1/service/?offset=5', total_count: undefined })
            : page(many(1, 2), { total_count: undefined }),
        ),
    ],
    [
      'pages that announce different extensions',
      (request, number) =>
        pagedServer(many(30), 25)(request, number).kind === 'response'
          ? {
              ...(pagedServer(many(30), 25)(request, number) as Extract<HttpOutcome, { kind: 'response' }>),
              headers: {
                'content-type': 'application/json',
                ...(number % 2 ? { 'x-api-extensions': 'labels' } : {}),
              },
            }
          : json(500, ''),
    ],
    [
      'a page that is lost on the way',
      (_, number) =>
        number % 2 === 1
          ? json(200, page(many(2), { next: '/api/v1/service/?offset=2', total_count: 4 }))
          : json(200, page([], { total_count: 4 })),
    ],
    ['a connection that breaks', () => ({ kind: 'error', sent: true, message: 'connection reset' })],
    ['a host that is not there', () => ({ kind: 'error', sent: false, message: 'connection refused' })],
    ['a 500', () => json(500, { error: 'oops' })],
    ['a 401', () => json(401, '')],
  ];
  it.each(cases)('%s never becomes a listing', async (_, answer) => {
    const { world, result } = await trusts(answer);
    expect(result).toMatchObject({ ok: false });
    expect(world.sent.length).toBeLessThanOrEqual(12);
  });

  it('is walked again when services came or went between its pages', async () => {
    const services = many(50);
    const { result } = await trusts(
      pagedServer(services, 25, (request) => {
        if (request === 2) services.shift();
      }),
    );
    expect(result).toMatchObject({ ok: true });
    expect(result.ok && result.value.services).toHaveLength(49);
  });

  it('says why, without a value of the server', async () => {
    const { result } = await trusts(
      json200(page([row('a', { container_envvars: [{ key: 'A', value: { deep: 'hunter2' } }] })])),
    );
    expect(JSON.stringify(result)).toContain('container_envvars is not text');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it('is asked for once more after a fault that may pass, and that passes the pace too', async () => {
    const { world, result } = await trusts((_, number) =>
      number === 1 ? { kind: 'error', sent: true, message: 'connection reset' } : json(200, page([])),
    );
    expect(result).toMatchObject({ ok: true });
    expect((world.sent[1]?.at ?? 0) - (world.sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(100);
  });
});
