/** Which extensions this server announces: the profile's, minus what `--strict` refuses, minus what the engine lacks. */
import type { Engine } from '../../service/engine.ts';
import { EXTENSIONS, type Extension } from '../../service/extensions.ts';
import type { Settings } from '../types.ts';

const LENIENT: readonly Extension[] = ['start-partly', 'redeploy-idle'];
const OF_ENGINES: readonly Extension[] = ['bindings', 'limits'];

export function offered(settings: Settings, engine: Pick<Engine, 'extensions'>): readonly Extension[] {
  if (settings.profile === 'reference') return [];
  const ofEngine: readonly Extension[] = engine.extensions;
  return EXTENSIONS.filter((extension) => {
    if (LENIENT.includes(extension)) return !settings.strict;
    return !OF_ENGINES.includes(extension) || ofEngine.includes(extension);
  });
}
