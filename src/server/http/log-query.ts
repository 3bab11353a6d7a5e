/** What the query of a request for logs says: how many of the last lines, and whether to go on with what is added. */
import type { FastifyRequest } from 'fastify';
import { flag, Invalid } from '../input/values.ts';
import { Problem } from './problem.ts';

const DEFAULT_TAIL = 300;
const MOST_TAIL = 10_000;

/** Throws a Problem. */
export function readTail(request: FastifyRequest): number {
  const tail = queryOf(request).get('tail');
  if (tail === null || tail === '') return DEFAULT_TAIL;
  if (/^\d{1,9}$/.test(tail)) return Math.min(Number(tail), MOST_TAIL);
  throw new Problem(400, 'tail: expected a whole number from 0');
}

/** True unless it says otherwise. Throws a Problem. */
export function readFollow(request: FastifyRequest): boolean {
  const follow = queryOf(request).get('follow') ?? '';
  try {
    return follow === '' || flag(follow);
  } catch (error) {
    if (error instanceof Invalid) throw new Problem(400, `follow: ${error.message}`);
    throw error;
  }
}

function queryOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams((request.raw.url ?? '').split('?')[1] ?? '');
}
