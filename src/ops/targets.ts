/**
 * Where messages go: a signed webhook (Standard Webhooks: id, timestamp and HMAC-SHA256 in headers, so that ready-made
 * libraries check it), Slack's incoming webhooks and what is compatible with them, and the commit status API that GitHub
 * began and Gitea and Forgejo follow.
 *
 * Addresses and tokens are secrets: they come from files, are read anew for each attempt, and are in no error of ours.
 */
import { createHmac } from 'node:crypto';
import type { Clock, Http } from '../service/ports.ts';
import type { Message, Notice } from './message.ts';
import type { Outcome, Target } from './outbox.ts';
import type { SecretFile } from './secret-file.ts';

export interface TargetParts {
  readonly name: string;
  readonly clock: Clock;
  /** The way to an origin; the same one for the same origin. */
  readonly connect: (origin: string) => Http;
  readonly userAgent: string;
}

interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const PATIENCE_MS = 10_000;
const MOST_BYTES = 64 * 1024;
const LONGEST_RETRY_MS = 60 * 60_000;
/** Statuses that say that this message will never be taken. */
const REFUSED = [400, 413, 422];

export function webhookTarget(
  parts: TargetParts,
  url: () => string,
  secret: SecretFile,
  sends: readonly Notice['kind'][],
  from: Readonly<Record<string, string>>,
): Target {
  return {
    name: parts.name,
    type: 'webhook',
    topicOf: (message) => noticeTopic(message, sends),
    send(letter, signal) {
      const { message, id, at, collapsed } = letter;
      const body = JSON.stringify({ at, collapsed, from, ...message });
      const timestamp = String(Math.floor(parts.clock.wall() / 1_000));
      const signatures = secret.values().map((value) => {
        const key = value.startsWith('whsec_') ? Buffer.from(value.slice(6), 'base64') : value;
        return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
      });
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatures.join(' '),
      };
      return exchange(parts, { url: url(), headers, body }, signal);
    },
  };
}

export function slackTarget(parts: TargetParts, url: () => string, sends: readonly Notice['kind'][]): Target {
  const harmless = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return {
    name: parts.name,
    type: 'slack',
    topicOf: (message) => noticeTopic(message, sends),
    send({ message, collapsed }, signal) {
      if (message.kind === 'commit') return Promise.resolve({ kind: 'delivered' });
      const more = collapsed === 0 ? '' : `\n(stands for ${collapsed} older ones)`;
      const lines = message.text === '' ? '' : `\n${harmless(message.text)}`;
      const text = `*${MARKS[message.kind]} ${harmless(message.title)}*${lines}${more}`;
      return exchange(parts, { url: url(), headers: {}, body: JSON.stringify({ text }) }, signal);
    },
  };
}

const MARKS: Readonly<Record<Notice['kind'], string>> = {
  alert: 'ALERT',
  recovery: 'RECOVERED',
  converged: 'OK',
};

export interface Repository {
  /** `https://api.github.com`, `https://forge.example.com/api/v1`. */
  readonly api: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly context: string;
  readonly link: string | undefined;
}

export function commitStatusTarget(parts: TargetParts, to: Repository, token: SecretFile): Target {
  return {
    name: parts.name,
    type: 'commit-status',
    topicOf: (message) =>
      message.kind === 'commit' ? { topic: `commit ${message.sha}`, latestOnly: true } : undefined,
    send({ message }, signal) {
      if (message.kind !== 'commit') return Promise.resolve({ kind: 'delivered' });
      const { state, description, sha } = message;
      const link = to.link === undefined ? {} : { target_url: to.link };
      const body = JSON.stringify({
        state,
        description: description.slice(0, 140),
        context: to.context,
        ...link,
      });
      const headers = { authorization: `token ${token.values()[0] ?? ''}`, accept: 'application/json' };
      const url = `${to.api.replace(/\/+$/, '')}/repos/${to.repository}/statuses/${sha}`;
      return exchange(parts, { url, headers, body }, signal);
    },
  };
}

function noticeTopic(message: Message, sends: readonly Notice['kind'][]) {
  if (message.kind === 'commit' || !sends.includes(message.kind)) return undefined;
  return { topic: [...message.causes].sort().join(', '), latestOnly: message.kind === 'converged' };
}

/** One attempt, bounded in time and in what is read; what came back is told by its status only. */
async function exchange(parts: TargetParts, post: Post, signal: AbortSignal): Promise<Outcome> {
  const to = URL.canParse(post.url) ? new URL(post.url) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol))
    return { kind: 'failed', why: 'its address is no http(s) URL' };
  const over = new AbortController();
  const end = () => over.abort();
  signal.addEventListener('abort', end, { once: true });
  const done = new AbortController();
  void parts.clock.sleep(PATIENCE_MS, done.signal).then(end);
  const outcome = await parts.connect(to.origin).exchange({
    method: 'POST',
    path: to.pathname + to.search,
    headers: { 'content-type': 'application/json', 'user-agent': parts.userAgent, ...post.headers },
    body: post.body,
    signal: over.signal,
    maxBytes: MOST_BYTES,
  });
  done.abort();
  signal.removeEventListener('abort', end);
  if (outcome.kind === 'error') return { kind: 'failed', why: outcome.message };
  const { status, headers } = outcome;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const why = `it answered ${status}`;
  if (REFUSED.includes(status)) return { kind: 'refused', why };
  const seconds = Number(headers['retry-after']);
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1_000, LONGEST_RETRY_MS) : 0;
  return { kind: 'failed', why, retryAfterMs };
}
