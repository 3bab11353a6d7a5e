/**
 * Which of the given fields differ from what a service has: only those are a change. Spellings do not count: image
 * tags and registries left out, the order of ports, variables, links, labels and volumes, a default of the image given
 * word for word.
 */
import type { DefinedSpec, Definition } from '../../service/definition.ts';
import { normalizeImage } from '../../service/image.ts';
import { portsOf } from '../link-variables.ts';
import type { SpecField } from './fields.ts';

export function changedFields(definition: Definition, given: Partial<DefinedSpec>): readonly SpecField[] {
  return (Object.keys(given) as SpecField[]).filter((field) => {
    const spec = { ...definition.spec, ...given };
    return canonical(field, definition.spec, definition) !== canonical(field, spec, definition);
  });
}

function canonical(field: SpecField, spec: DefinedSpec, definition: Definition): string {
  const { image } = definition;
  switch (field) {
    case 'image':
      return normalizeImage(spec.image);
    case 'run_command':
    case 'entrypoint':
      return JSON.stringify(spec[field] ?? image?.[field] ?? null);
    case 'container_ports':
      return set(spec.container_ports === null && image === null ? [null] : portsOf({ ...definition, spec }));
    case 'container_envvars':
    case 'linked_to_service':
    case 'roles':
    case 'tags':
    case 'bindings':
      return set(spec[field]);
    case 'labels':
      return set(Object.entries(spec.labels));
    default:
      return JSON.stringify(spec[field]);
  }
}

/** Every entry is built by one reader with its keys in one order, so equal entries are equal text. */
function set(entries: readonly unknown[]): string {
  return JSON.stringify(entries.map((entry) => JSON.stringify(entry)).sort());
}
