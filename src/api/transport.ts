/**
 * One HTTP exchange with one origin, by axios with everything off that decides by itself (reliability §3.1): redirects,
 * proxies, JSON, status checks, absolute URLs. Each of these has sent a key, or an empty fleet, where it should not.
 *
 * Says for certain when no byte left: the socket was new and never connected. Everything else may have been carried
 * out. Errors are told in our own words only, as axios' error object holds the API key.
 */
import http from 'node:http';
import https from 'node:https';
import axios from 'axios';
import type { Http, HttpOutcome } from '../service/ports.ts';
import { onAbort } from './abort.ts';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name cannot be looked up now',
  ECONNRESET: 'connection reset',
  ECONNABORTED: 'connection aborted',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ERR_CANCELED: 'cancelled',
  ERR_BAD_RESPONSE: 'the answer broke off or is too large',
};

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

/** Whether bytes of this request can have left. */
interface Trace {
  connected: boolean;
}

/** `http.request` that notes when its socket is able to carry bytes. */
function traced(native: typeof http | typeof https, ready: 'connect' | 'secureConnect', trace: Trace) {
  return {
    request(options: http.RequestOptions, answer: (response: http.IncomingMessage) => void) {
      const request = native.request(options, answer);
      request.once('socket', (socket) => {
        if (request.reusedSocket) trace.connected = true;
        else
          socket.once(ready, () => {
            trace.connected = true;
          });
      });
      return request;
    },
  };
}

export interface Transport extends Http {
  /** Closes idle connections. */
  close(): void;
}

/** `origin` as `parseOrigin` gives it. */
export function createTransport(origin: string): Transport {
  const secure = origin.startsWith('https:');
  const native = secure ? https : http;
  const ready = secure ? 'secureConnect' : 'connect';
  const kept = new native.Agent({ keepAlive: true, maxFreeSockets: 8 });
  /** A POST is not repeatable, so it takes no kept connection that the server may be closing this very moment. */
  const fresh = new native.Agent({ keepAlive: false });

  const exchange: Http['exchange'] = async (request): Promise<HttpOutcome> => {
    const trace: Trace = { connected: false };
    const agent = request.method === 'POST' ? fresh : kept;
    const abort = new AbortController();
    const stopListening = onAbort(request.signal, () => abort.abort());
    if (request.signal.aborted) abort.abort();
    try {
      const response = await axios.request<string>({
        baseURL: origin,
        url: request.path,
        allowAbsoluteUrls: false,
        method: request.method,
        // Without a body axios would make up a form's content type; false leaves it out.
        headers:
          request.body === undefined ? { ...request.headers, 'Content-Type': false } : { ...request.headers },
        data: request.body,
        signal: abort.signal,
        maxRedirects: 0,
        proxy: false,
        maxContentLength: request.maxBytes,
        maxBodyLength: Number.POSITIVE_INFINITY,
        responseType: 'text',
        responseEncoding: 'utf8',
        transformRequest: [(data: unknown) => data],
        transformResponse: [(data: unknown) => data],
        validateStatus: () => true,
        decompress: true,
        httpAgent: agent,
        httpsAgent: agent,
        transport: traced(native, ready, trace),
      });
      return {
        kind: 'response',
        status: response.status,
        headers: flat(response.headers),
        body: response.data,
      };
    } catch (error) {
      const code = codeOf(error);
      return {
        kind: 'error',
        sent: trace.connected,
        message: WORDS[code] ?? (code || 'the exchange failed'),
      };
    } finally {
      stopListening();
    }
  };

  return {
    exchange,
    close() {
      kept.destroy();
      fresh.destroy();
    },
  };
}

function flat(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  );
}
