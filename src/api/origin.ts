/**
 * Where the API is: an http(s) origin, nothing else. Credentials, paths and queries in the setting are errors, so that
 * nothing but the code decides where a request goes.
 */
import { UserError } from '../service/failure.ts';

/** The origin (`https://host:port`, no slash) of an API URL given with or without `/api/v1/`; else UserError EK502. */
export function parseOrigin(text: string): string {
  const wrong = (why: string) =>
    new UserError(
      'EK502',
      `--api-url: ${why}; expected http(s)://host[:port], with or without /api/v1/, such as http://127.0.0.1:8800`,
      3,
    );
  const trimmed = text.trim();
  if (!/^https?:\/\//i.test(trimmed)) throw wrong('it does not begin with http:// or https://');
  if (!URL.canParse(trimmed)) throw wrong('it is no URL');
  const url = new URL(trimmed);
  if (url.username !== '' || url.password !== '')
    throw wrong('it holds a user or password, which belong into TUTUM_USER and TUTUM_APIKEY');
  if (url.search !== '' || url.hash !== '') throw wrong('it holds a query or fragment');
  if (!/^\/(?:api(?:\/v1)?\/?)?$/.test(url.pathname))
    throw wrong(`its path is ${JSON.stringify(url.pathname)}`);
  return url.origin;
}

/** Node would skip the check of every server certificate without a word. */
export function refuseInsecureTls(env: Readonly<Record<string, string | undefined>>): void {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    throw new UserError(
      'EK506',
      'NODE_TLS_REJECT_UNAUTHORIZED=0 switches the check of server certificates off, and the API key would go to anybody; unset it (NODE_EXTRA_CA_CERTS adds a certificate authority of your own)',
      3,
    );
}
