/** Endpoints that old clients ask on their way: login, stacks (there are none), and the server's own health. */
import { readCredentials } from '../auth/credentials.ts';
import { HEALTH_PATH } from '../http/hooks.ts';
import { page, readListQuery } from '../http/paging.ts';
import type { Api } from '../http/server.ts';

export function smallRoutes({ app }: Api): void {
  /** `tutum login`: the key belongs to whoever came with it, so it is only said back. */
  app.get('/api/v1/auth/', async (request) => {
    const { user: username, key } = readCredentials(request.headers.authorization) ?? { user: '', key: '' };
    const all = page('/api/v1/auth/', [{ username, key }], readListQuery('', []));
    return { ...all, username };
  });

  app.get('/api/v1/stack/', async () => page('/api/v1/stack/', [], readListQuery('', [])));

  app.get(HEALTH_PATH, async () => ({ status: 'ok' }));
}
