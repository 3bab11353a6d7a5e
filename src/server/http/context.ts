/** What reading a body needs to know of the server and of the user's other services. */
import type { Definition } from '../../service/definition.ts';
import type { InputContext } from '../input/request.ts';
import type { Api } from './server.ts';

export function inputContext(
  api: Api,
  neighbours: readonly Definition[],
  self: string | undefined,
): InputContext {
  return {
    candidates: neighbours.filter((one) => one.destroyedAt === null && one.operation?.verb !== 'terminate'),
    self,
    mostContainers: api.settings.mostContainers,
    globalRole: api.settings.globalRole !== null,
    offers: api.offers,
    profile: api.settings.profile,
  };
}
