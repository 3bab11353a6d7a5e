/** What forges, and those who pretend to be one, send to the daemon: only a right proof of the very bytes is taken. */
import { createHmac } from 'node:crypto';
import { ask, type OpsBench, opsBench, secretsOf } from '../support/ops.ts';
import { anyValue, damage, NASTY, Rng, warp } from './rng.ts';
import { bytes, CANARY, mustBePristine, mustHold, type Target, text } from './target.ts';

const SECRET = `${CANARY}-webhook`;
const TOKEN = `${CANARY}-operator`;
/** Wrong proofs are slowed down after a while; a new daemon knows nothing of them. */
const REQUESTS = 300;

interface Input {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Signed over these very bytes with the secret that holds. */
  readonly proof: 'github' | 'gitea' | 'gitlab' | 'none';
}

const PUSH = {
  ref: 'refs/heads/main',
  before: '0'.repeat(40),
  after: 'a'.repeat(40),
  repository: { full_name: 'a/b', clone_url: 'https://elsewhere/a/b.git' },
  commits: [{ id: 'a'.repeat(40), message: 'x', added: ['a.yaml'], removed: [], modified: [] }],
};
const SUSPEND = { names: ['web'], reason: 'x', until: '2026-12-01T00:00:00Z', by: 'me' };
const PATHS = [
  '/hooks/git',
  '/hooks/git',
  '/hooks/git',
  '/api/suspend',
  '/api/resume',
  '/api/sync',
  '/api/status',
];
const HEADERS = [
  ...['x-hub-signature-256', 'x-hub-signature', 'x-gitea-signature', 'x-gitlab-token', 'x-forgejo-signature'],
  ...['authorization', 'host', 'origin', 'content-type', 'x-github-event', 'x-forwarded-for'],
];
const sendable = (value: string) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').trim();

function make(seed: number): Input {
  const rng = new Rng(seed, 6);
  const base = rng.chance(0.7) ? PUSH : SUSPEND;
  const json = JSON.stringify(rng.chance(0.1) ? anyValue(rng) : rng.chance(0.6) ? warp(base, rng) : base);
  const values = ['sha256=', `sha256=${'0'.repeat(64)}`, 'sha1=00', `Bearer ${TOKEN}`, 'Bearer ', ...NASTY];
  const strange = rng.some(3, () => [rng.pick(HEADERS), sendable(rng.pick(values))] as const);
  return {
    path: rng.chance(0.1) ? `/${damage(rng.pick(PATHS), rng).replace(/[^\x21-\x7e]/g, '')}` : rng.pick(PATHS),
    headers: Object.fromEntries(strange.filter(([name, value]) => name !== 'host' || value !== '')),
    body: rng.chance(0.3) ? damage(json, rng) : json,
    proof: rng.pick(['github', 'gitea', 'gitlab', 'none', 'none']),
  };
}

function proofOf({ proof, body }: Input): Readonly<Record<string, string>> {
  const sum = createHmac('sha256', SECRET).update(body).digest('hex');
  if (proof === 'github') return { 'x-hub-signature-256': `sha256=${sum}` };
  if (proof === 'gitea') return { 'x-gitea-signature': sum };
  return proof === 'gitlab' ? { 'x-gitlab-token': SECRET } : {};
}

export function webhooks(): Target {
  let bench: OpsBench | undefined;
  let asked = 0;
  const current = async () => {
    if (bench === undefined || asked >= REQUESTS) {
      await bench?.close();
      bench = await opsBench({ webhook: secretsOf(SECRET).file, operator: secretsOf(TOKEN).file });
      asked = 0;
    }
    asked += 1;
    return bench;
  };
  return {
    name: 'webhooks',
    make: (seed) => bytes(make(seed)),
    async run(input) {
      const one = JSON.parse(text(input)) as Input;
      const { origin, broken } = await current();
      const headers = { ...one.headers, ...proofOf(one) };
      // It hangs up on a body that nobody wants; that is an answer, too.
      const reply = await ask(origin, 'POST', one.path, headers, one.body).catch(() => undefined);
      mustHold(broken.length === 0, 'something unexpected happened', () => String(broken[0]));
      if (reply === undefined) return;
      const { status, body } = reply;
      mustHold(status < 500, `a ${status}`, () => body);
      mustHold(!body.includes(CANARY) && !/\n\s+at /.test(body), 'an answer with our insides', () => body);
      if (one.path === '/hooks/git')
        mustHold(status !== 202 || one.proof !== 'none', 'taken without a proof', () => headers);
      mustBePristine();
    },
    close: async () => bench?.close(),
  };
}
