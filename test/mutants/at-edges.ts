/**
 * The edges that the simulation replaces or does not reach: files, manifests, what people read, single answers of a
 * strange server, sockets, and the journal on a real disk. Judged by the oracles of the whole.
 */
import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from '../../src/api/transport.ts';
import { makePlan } from '../../src/decide/plan.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { openState } from '../../src/journal/statedir.ts';
import { renderDiagnostic } from '../../src/manifest/diagnostic.ts';
import { load } from '../../src/manifest/load.ts';
import { createResolver } from '../../src/manifest/resolver.ts';
import { createGuard } from '../../src/ops/guard.ts';
import { Pokes } from '../../src/ops/pokes.ts';
import { isProven } from '../../src/ops/proof.ts';
import { RENDERERS } from '../../src/render/index.ts';
import { PLAIN_OPTIONS } from '../../src/render/options.ts';
import { progressLine } from '../../src/render/progress.ts';
import { NO_MEMORY } from '../../src/service/memory.ts';
import type { HttpOutcome, Snapshot } from '../../src/service/ports.ts';
import { directorySource } from '../../src/source/directory.ts';
import { type Files, nodeFiles } from '../../src/source/files.ts';
import { parseBranch } from '../../src/source/git/address.ts';
import { explain } from '../../src/source/git/failure.ts';
import { secretFiles } from '../../src/source/secrets.ts';
import { CANARY, json, page, row, scriptedClient } from '../support/api.ts';
import { seededRandom, virtualClock } from '../support/clock.ts';
import { GitBench, read as readGit } from '../support/git.ts';
import { memoryFile } from '../support/journal.ts';
import { httpAnswer, rawServer } from '../support/raw-server.ts';
import { ALL_EXTENSIONS, live, wish } from '../support/services.ts';

type Probe = () => Promise<readonly string[]>;
type Say = (oracle: string, holds: boolean, text: string) => void;

const probe =
  (work: (say: Say) => Promise<void>): Probe =>
  async () => {
    const wrong: string[] = [];
    await work((oracle, holds, text) => {
      if (!holds) wrong.push(`${oracle}: ${text}`);
    });
    return wrong;
  };

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-edge-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const NEVER = new AbortController().signal;
const read = (path: string, files?: Files) => directorySource([path], { files }).read(NEVER);
const manifest = (name: string, more = '') => `name: ${name}\nimage: nginx\n${more}`;

async function two(directory: string): Promise<void> {
  await writeFile(join(directory, 'a.yaml'), manifest('a'));
  await writeFile(join(directory, 'b.yaml'), manifest('b'));
}

function loaded(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const snapshot: Snapshot = {
    kind: 'complete',
    revision: 'r',
    files: Object.entries(files).map(([path, text]) => ({ path, text, id: text })),
  };
  return load(snapshot, { resolver: createResolver({ env }) });
}

const SECRET = 'canary-hunter-2-and-more';

export const AT_EDGES: Readonly<Record<string, Probe>> = {
  /** O8: what is not there is not empty. */
  vanished: probe((say) =>
    inDirectory(async (directory) => {
      await two(directory);
      say('O8', (await read(directory)).kind === 'complete', 'two files are not a whole');
      say('O8', (await read(join(directory, 'c'))).kind === 'unreadable', 'a missing directory is empty');
      await rename(join(directory, 'b.yaml'), join(directory, 'b'));
      await symlink(join(directory, 'nowhere'), join(directory, 'b.yaml'));
      say('O8', (await read(directory)).kind === 'unreadable', 'a link to nowhere is no file');
      await rm(join(directory, 'b.yaml'));
      await mkdir(join(directory, 'under'));
      const list: Files['list'] = async (path) => {
        if (path.endsWith('under')) throw Object.assign(new Error('no'), { code: 'EACCES' });
        return nodeFiles.list(path);
      };
      const locked = await read(directory, { ...nodeFiles, list });
      say('O8', locked.kind === 'unreadable', 'a directory that may not be read is empty');
      const readFile: Files['read'] = () => {
        throw Object.assign(new Error('no'), { code: 'EIO' });
      };
      const broken = await read(directory, { ...nodeFiles, read: readFile });
      say('O8', broken.kind === 'unreadable', 'a file that cannot be read is none');
    }),
  ),
  /** O9: what is being written is not read. */
  'half-written': probe((say) =>
    inDirectory(async (directory) => {
      await two(directory);
      const unstable: Files['read'] = (path, most) => ({ ...nodeFiles.read(path, most), stable: false });
      const torn = await read(directory, { ...nodeFiles, read: unstable });
      say('O9', torn.kind === 'unreadable', 'a file that changed while it was read is believed');
      let walks = 0;
      const list: Files['list'] = async (path) => {
        const entries = await nodeFiles.list(path);
        walks += 1;
        // Somebody is at work: files come and go behind the reader's back.
        if (walks < 4) await rename(join(directory, 'b.yaml'), join(directory, 'b.off'));
        if (walks < 4) await rename(join(directory, 'b.off'), join(directory, 'b.yaml'));
        return entries;
      };
      const clock = virtualClock();
      const settling = directorySource([directory], {
        files: { ...nodeFiles, list },
        settle: { clock, ms: 400 },
      });
      const seen = await clock.runUntil(settling.read(NEVER));
      say('O9', seen.kind === 'complete' && walks >= 2, `it was believed after ${walks} walks`);
      await mkdir(join(directory, '.git'));
      await writeFile(join(directory, '.git/index.lock'), '');
      say('O9', (await read(directory)).kind === 'unreadable', 'a checkout under way is read');
    }),
  ),
  /** D4: nothing outside of what was given is read. */
  outside: probe((say) =>
    inDirectory(async (directory) => {
      await two(directory);
      const inner = join(directory, 'inner');
      await mkdir(inner);
      await symlink(join(directory, 'a.yaml'), join(inner, 'a.yaml'));
      const seen = await read(inner);
      say('D4', seen.kind === 'unreadable' && seen.files.length === 0, 'a link leads out');
      const secret = secretFiles(inner)('../b.yaml');
      say('D4', !secret.ok, 'a secret is read from outside the secrets directory');
    }),
  ),
  /** O7: one broken file makes the load incomplete, and none of its wishes is used. */
  'broken-file': probe(async (say) => {
    const { load: one } = loaded({ 'a.yaml': manifest('a'), 'b.yaml': 'name: b\nimage: [' });
    say('O7', !one.complete, 'a load with a broken file is complete');
    const typo = loaded({ 'a.yaml': manifest('a'), 'b.yaml': manifest('b', 'taget_num_containers: 3\n') });
    say('O7', !typo.load.complete && typo.load.wishes.length === 1, 'an unknown field is passed over');
    const twice = loaded({ 'a.yaml': manifest('a'), 'b.yaml': manifest('a', 'target_num_containers: 3\n') });
    say('O7', !twice.load.complete && twice.load.wishes.length === 0, 'of two of one name, one is used');
    const keys = loaded({ 'a.yaml': 'name: a\nimage: nginx\nimage: other\n' });
    say('O7', !keys.load.complete, 'of a key that is there twice, one is used');
    const dangling = loaded({ 'a.yaml': manifest('a', 'linked_to_service: [{to_service: nobody}]\n') });
    say('O7', !dangling.load.complete, 'a link to nobody is passed over');
    const half: Snapshot = {
      kind: 'unreadable',
      files: [{ path: 'a', text: manifest('a'), id: '1' }],
      problems: ['x'],
    };
    const rest = load(half, { resolver: createResolver({ env: {} }) });
    say('O7', !rest.load.complete, 'what could not be read is complete');
  }),
  /** O10: errors show a place, never a value. */
  frames: probe(async (say) => {
    const text = manifest(
      'a',
      `container_envvars:\n  - { key: A, value: ${SECRET} }\n  - { key: A, value: ${SECRET} }\n  - { kye: B, value: ${SECRET} }\n`,
    );
    const { diagnostics } = loaded({ 'a.yaml': text });
    const said = diagnostics.map(renderDiagnostic).join('\n');
    say('O10', diagnostics.length > 0 && !said.includes(SECRET), 'an error shows the value of a variable');
    const own = loaded(
      { 'a.yaml': manifest('a', 'container_envvars: [{key: A, value: "${TUTUM_APIKEY}"}]\n') },
      { TUTUM_APIKEY: SECRET },
    );
    say('O10', !JSON.stringify(own.load.wishes).includes(SECRET), 'a manifest reads our own credentials');
  }),
  /** O10: what people and machines read of a plan and of its progress. */
  outputs: probe(async (say) => {
    const container_envvars = [{ key: 'PASSWORD', value: SECRET }];
    const { plan } = makePlan({
      wishes: [
        wish('made', { spec: { image: 'nginx:1', container_envvars } }),
        wish('changed', { spec: { image: 'nginx:2', container_envvars } }),
      ],
      services: [
        live('changed', {
          fields: { image: 'nginx:1', container_envvars: [{ key: 'PASSWORD', value: `${SECRET}-old` }] },
        }),
      ],
      memory: NO_MEMORY,
      owner: 'default',
      capabilities: ALL_EXTENSIONS,
      revision: 'r',
      complete: true,
      documents: 2,
      safety: { prune: 'never', allowEmpty: false, allowDeletes: undefined },
      inGrace: new Set(),
      quarantine: () => undefined,
      wallNow: 0,
      pace: { rate: 10, burst: 10 },
    });
    for (const [format, render] of Object.entries(RENDERERS)) {
      const text = render(plan, PLAIN_OPTIONS);
      say('O10', !text.includes(SECRET), `a plan as ${format} shows the value of a variable`);
      say('O10', text.includes('PASSWORD') || format === 'json', `a plan as ${format} does not show its key`);
    }
    for (const service of plan.services)
      for (const move of service.course)
        if (move.kind === 'operation') {
          const line = progressLine({
            type: 'operation:accepted',
            name: service.name,
            uuid: service.uuid,
            operation: move.operation,
            why: move.why,
            before: undefined,
            state: undefined,
          });
          say('O10', line?.includes(SECRET) !== true, 'progress shows the value of a variable');
        }
    const red = `${String.fromCharCode(27)}[31mred`;
    const { plan: hostile } = makePlan({
      wishes: [wish('a', { spec: { image: red } })],
      services: [],
      memory: NO_MEMORY,
      owner: 'default',
      capabilities: ALL_EXTENSIONS,
      revision: 'r',
      complete: true,
      documents: 1,
      safety: { prune: 'never', allowEmpty: false, allowDeletes: undefined },
      inGrace: new Set(),
      quarantine: () => undefined,
      wallNow: 0,
      pace: { rate: 10, burst: 10 },
    });
    for (const [format, render] of Object.entries(RENDERERS))
      say(
        'O10',
        !render(hostile, PLAIN_OPTIONS).includes(red),
        `a plan as ${format} lets a terminal be written to`,
      );
  }),
  /** O20: what a list must have to be believed; O22: whom it may send us to. */
  lists: probe(async (say) => {
    const many = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => row(`u${from + index}`));
    const listing = async (answer: (path: string) => HttpOutcome) => {
      const world = scriptedClient(({ path }) => answer(path));
      const result = await world.list();
      const out = world.sent.filter(({ path }) => !path.startsWith('/api/v1/service/'));
      say('O22', out.length === 0, `it asks for ${out[0]?.path}`);
      return result.ok ? result.value.services.length : undefined;
    };
    const next = (to: string) => ({ next: to, total_count: 4 });
    const pages = (second: string) => (path: string) =>
      path.includes('offset')
        ? json(200, page(many(2, 2), { total_count: 4 }))
        : json(200, page(many(0, 2), next(second)));
    say('O20', (await listing(pages('/api/v1/service/?limit=2&offset=2'))) === 4, 'two pages are not a list');
    for (const to of [
      'http://evil.test/api/v1/service/?offset=2',
      '//evil.test/api/v1/service/?offset=2',
      '/evil/?offset=2',
    ])
      say('O22', (await listing(pages(to))) === undefined, `next leads to ${to}`);
    say(
      'O20',
      (await listing(() => json(200, page(many(0, 2), { total_count: 3 })))) === undefined,
      'one is missing',
    );
    say('O20', (await listing(() => json(200, { meta: {} }))) === undefined, 'no objects is no services');
    say('O20', (await listing(() => json(200, {}))) === undefined, 'an empty object is no services');
    say('O20', (await listing(() => json(404, { error: 'no' }))) === undefined, 'not found is no services');
    say('O20', (await listing(() => json(500, { error: 'no' }))) === undefined, 'an error is no services');
    const bare = await listing(() => json(200, { objects: many(0, 25) }));
    say('O20', bare === undefined, 'exactly a page, and nothing said about more');
    const doubled = await listing(() => json(200, `{"meta":{"total_count":0},"objects":[],"objects":[]}`));
    say('O20', doubled === undefined, 'a key that is there twice');
    const nameless = await listing(() => json(200, page([{ ...row('u1'), name: null }])));
    say('O20', nameless === undefined, 'a row without a name');
    const type: HttpOutcome = {
      kind: 'response',
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: JSON.stringify(page([])),
    };
    say('O20', (await listing(() => type)) === undefined, 'a page for people is no services');
  }),
  /** O10: what a server says back of the key and of values. */
  echoes: probe(async (say) => {
    const body = { error: `no: ApiKey me:${CANARY} ${SECRET}` };
    const world = scriptedClient(() => json(400, body));
    const request = {
      name: 'web',
      operation: {
        verb: 'create' as const,
        spec: { image: 'nginx', container_envvars: [{ key: 'A', value: SECRET }] },
        redeployToken: undefined,
      },
      mark: { owner: 'default', name: 'web', attempt: 'a1', in: 'container_envvars' as const },
    };
    const result = await world.clock.runUntil(world.client.create(async () => request, world.signal));
    const said = JSON.stringify(result);
    say('O10', !said.includes(SECRET), 'a failure repeats the value of a variable');
    say('O10', !said.includes(CANARY), 'a failure repeats the API key');
  }),
  /** O6b: patience that a real timer can keep, and no less than was asked for. */
  'retry-after': probe(async (say) => {
    const after = async (value: string) => {
      const world = scriptedClient((_, number) =>
        number === 1
          ? json(429, {}, { 'retry-after': value, date: 'Thu, 01 Jan 2026 00:00:00 GMT' })
          : json(200, page([])),
      );
      await world.list();
      await world.clock.runUntil(world.client.list(world.signal));
      const [one, other] = world.sent;
      return ((other?.at ?? 0) - (one?.at ?? 0)) / 1_000;
    };
    say('O6b', (await after('7')) >= 7, 'seconds are not waited for');
    say('O6b', (await after('Thu, 01 Jan 2026 00:01:00 GMT')) >= 60, 'a date is not waited for');
    const most = await after('99999999999');
    say('O6b', most >= 3_600 && most < 7_200, `${most} s are waited for where an hour is the most`);
    for (const junk of ['', '0', '-5', 'soon', '1e3'])
      say('O6b', (await after(junk)) >= 0.5, `no wait for ${junk}`);
  }),
  /** N3, N4, N11: over real sockets. */
  sockets: probe(async (say) => {
    const elsewhere = await rawServer(() => httpAnswer(200, { objects: [] }));
    const server = await rawServer(({ path }) => {
      if (path.startsWith('/redirect')) return httpAnswer(302, '', { location: `${elsewhere.origin}/x` });
      if (path.startsWith('/big')) return httpAnswer(200, 'x'.repeat(100_000));
      return path.startsWith('/short') ? httpAnswer(200, '{}', { 'content-length': 50 }) : undefined;
    });
    const http = createTransport(server.origin);
    const ask = (path: string, method: 'GET' | 'POST' = 'GET') =>
      http.exchange({
        method,
        path,
        headers: { Authorization: `ApiKey me:${CANARY}` },
        body: undefined,
        signal: AbortSignal.timeout(700),
        maxBytes: 10_000,
      });
    const redirect = await ask('/redirect');
    say('O22', redirect.kind === 'response' && redirect.status === 302, 'a redirect is followed');
    say('O22', elsewhere.requests.length === 0, 'another host was asked');
    say('N26', (await ask('/big')).kind === 'error', 'more was read than may be');
    say('N2', (await ask('/short')).kind === 'error', 'a cut body is an answer');
    const hung = await ask('/hang', 'POST');
    say('N5', hung.kind === 'error' && hung.sent, 'a request that was sent is said not to have been');
    await server.close();
    const refused = await ask('/gone', 'POST');
    say(
      'N1',
      refused.kind === 'error' && !refused.sent,
      'a refused connection is said to have carried bytes',
    );
    http.close();
    await elsewhere.close();
  }),
  /** O8 and O9b: what a repository can look like without being empty; O22 and O10: what it is asked, and what is told. */
  git: probe(async (say) => {
    const bench = new GitBench();
    const source = bench.source({ path: 'fleet' });
    const kindOf = async () => (await readGit(source)).kind;
    const first = bench.repo.commit({ 'fleet/a.yaml': manifest('a'), 'fleet/b.yaml': manifest('b') });
    say('O8', (await kindOf()) === 'complete', 'a commit is not a whole');
    const second = bench.repo.commit({ 'fleet/a.yaml': manifest('a') });
    say('O8', (await kindOf()) === 'complete', 'a second commit is not a whole');
    bench.repo.point('main', first);
    say('O9b', (await kindOf()) === 'unreadable', 'an older commit than the one taken last is believed');
    bench.repo.point('main', second);
    bench.repo.commit({ 'elsewhere/a.yaml': manifest('a') });
    say('O8', (await kindOf()) === 'unreadable', 'a directory that is not there is empty');
    bench.repo.commit({ 'fleet/README.md': 'x' });
    say('O8', (await kindOf()) === 'unreadable', 'a directory without manifests is meant');
    bench.repo.commit({
      'fleet/a.yaml': manifest('a'),
      'fleet/b.yaml': { mode: '120000', data: '../b.yaml' },
    });
    say('O8', (await kindOf()) === 'unreadable', 'what is behind a link is gone');
    bench.repo.deleteBranch('main');
    const gone = await readGit(source);
    say('O8', gone.kind === 'unreadable', 'a branch that is gone is empty');
    say('O8', gone.files.length === 1, 'the manifests taken last are forgotten');
    await bench.close();
    let parsed: unknown;
    try {
      parsed = parseBranch('--upload-pack=touch');
    } catch {
      parsed = undefined;
    }
    say('O22', parsed === undefined, 'an option is taken for a branch');
    const result = { ok: false, stdout: Buffer.alloc(0), stderr: `fatal: no ${SECRET}`, ended: undefined };
    say('O10', !explain(result, [SECRET], 0).message.includes(SECRET), 'an error of git shows the token');
  }),
  /** O22 and S6: who may tell the daemon something, and what it makes of a storm of hints (O17, O19). */
  hooks: probe(async (say) => {
    const body = Buffer.from('{"ref":"refs/heads/main"}');
    const signature = (of: Uint8Array, secret = SECRET) => ({
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(of).digest('hex')}`,
    });
    say('O22', isProven(signature(body), body, [SECRET]), 'a signed body is not believed');
    const forged = Buffer.from('{"ref":"refs/heads/evil"}');
    say('O22', !isProven(signature(body), forged, [SECRET]), "another body's signature is believed");
    say('O22', !isProven(signature(body, 'x'), body, [SECRET]), "another's signature is believed");
    say('O22', !isProven({}, body, [SECRET]), 'no signature is believed');
    const clock = virtualClock();
    const file = (value: string) => ({ values: () => [value] });
    const guard = createGuard({
      clock,
      hosts: [],
      isPublic: true,
      operator: file('op'),
      viewer: file('see'),
    });
    const may = (what: 'mayRead' | 'mayOperate', host: string, token?: string) => {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      try {
        guard[what]({ host, ...authorization });
        return true;
      } catch {
        return false;
      }
    };
    say(
      'S6',
      may('mayOperate', '127.0.0.1:1', 'op') && may('mayRead', '127.0.0.1:1', 'see'),
      'nobody may do anything',
    );
    say('S6', !may('mayOperate', '127.0.0.1:1', 'see'), 'the viewer operates');
    say('S6', !may('mayOperate', '127.0.0.1:1'), 'anybody operates');
    say('S6', !may('mayRead', '127.0.0.1:1', 'x'), 'anybody reads');
    say('S6', !may('mayRead', 'evil.test', 'see'), 'under any name of ours');
    let looks = 0;
    const pokes = new Pokes(clock, () => {
      looks += 1;
    });
    for (let count = 0; count < 100; count++) pokes.poke();
    say('O17', looks <= 10, `a hundred pokes are ${looks} looks`);
    const before = looks;
    await clock.advance(20_000);
    say('O19', looks > before, 'the last of a storm of pokes is lost');
    pokes.close();
  }),
  /** O12: damage to one line costs one record. */
  damaged: probe(async (say) => {
    const file = memoryFile();
    const open = () =>
      openJournal({ file, key: Buffer.from('k'), setAside: async () => 'aside', warn: () => {} });
    const journal = await open();
    for (const uuid of ['u1', 'u2', 'u3', 'u4'])
      await journal.append({ type: 'created', name: 'web', uuid, attempt: 'a', redeployToken: null });
    const text = Buffer.from(file.bytes).toString('latin1');
    file.bytes = Buffer.from(text.replace('"u2"', '"u9"'), 'latin1');
    const claims = [...(await open()).memory().claims.keys()];
    say('O12', claims.join() === 'u1,u3,u4', `after damage to the second of four there are ${claims.join()}`);
  }),
  /** O12 and O14: the journal and its lock on a real disk. */
  state: probe((say) =>
    inDirectory(async (base) => {
      const warned: string[] = [];
      const options = {
        base,
        origin: 'http://api.test',
        owner: 'default',
        warn: (text: string) => void warned.push(text),
        clock: virtualClock(),
        random: seededRandom(3),
      };
      const state = await openState(options);
      await state.journal.append({
        type: 'created',
        name: 'web',
        uuid: 'u1',
        attempt: 'a1',
        redeployToken: null,
      });
      const second = await openState(options).catch(() => undefined);
      say('O14', second === undefined, 'two processes hold one state directory');
      await second?.close();
      await state.close();
      const again = await openState(options).catch(() => undefined);
      say('O14', again !== undefined, 'a lock that was let go is held for ever');
      say('O12', again?.journal.memory().claims.has('u1') === true, 'what was appended is gone');
      const hash = again?.journal.hash('a');
      await again?.close();
      const third = await openState(options).catch(() => undefined);
      say('O12', third?.journal.hash('a') === hash, 'the key of the hashes changes');
      await third?.close();
      const other = await openState({ ...options, owner: 'other' });
      say('O2', other.journal.memory().claims.size === 0, 'two owners share a journal');
      await other.close();
    }),
  ),
};
