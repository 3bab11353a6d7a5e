/**
 * Single attributes of a service object: what spellings are accepted, and what makes a row invalid.
 *
 * Numbers as strings and strings as numbers are accepted, null is "not reported"; any other type throws `Malformed`,
 * which names the attribute and never shows the value.
 */
import type { Binding, EnvVar, Link, Port } from '../service/spec.ts';
import { serviceUri, uuidOfUri } from '../service/uri.ts';

/** A row that cannot be understood; the message names the attribute. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

type Json = Readonly<Record<string, unknown>>;
export type Read<T> = (value: unknown, attribute: string) => T;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const wrong = (attribute: string, expected: string): never => {
  throw new Malformed(`${attribute} is not ${expected}`);
};

export const text: Read<string> = (value, attribute) => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : wrong(attribute, 'text');
};

export const flag: Read<boolean> = (value, attribute) => {
  if (typeof value === 'boolean') return value;
  const word = String(value).toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : wrong(attribute, 'a boolean');
};

/** A count: a whole number from 0 to 2^31 - 1. */
export const count: Read<number> = (value, attribute) => {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  const fits = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 31;
  return fits ? number : wrong(attribute, 'a count');
};

const list: Read<readonly unknown[]> = (value, attribute) =>
  Array.isArray(value) ? value : wrong(attribute, 'a list');

const object: Read<Json> = (value, attribute) => (isObject(value) ? value : wrong(attribute, 'an object'));

export const texts: Read<readonly string[]> = (value, attribute) =>
  list(value, attribute).map((one) => text(one, attribute));

/** Read-only keys (`endpoint_uri`, `port_name` …) are dropped; no or zero `outer_port` is a port picked by the platform. */
export const ports: Read<readonly Port[]> = (value, attribute) =>
  list(value, attribute).map((one) => {
    const { protocol, inner_port, outer_port } = object(one, attribute);
    const kind = text(protocol ?? 'tcp', attribute).toLowerCase();
    if (kind !== 'tcp' && kind !== 'udp') return wrong(attribute, 'a list of tcp and udp ports');
    const inner = count(inner_port, attribute);
    const outer =
      outer_port === undefined || outer_port === null || outer_port === '' ? 0 : count(outer_port, attribute);
    return { protocol: kind, inner_port: inner, ...(outer === 0 ? {} : { outer_port: outer }) };
  });

export const envvars: Read<readonly EnvVar[]> = (value, attribute) =>
  list(value, attribute).map((one) => {
    const entry = object(one, attribute);
    return { key: text(entry['key'], attribute), value: text(entry['value'] ?? '', attribute) };
  });

/** Targets are brought to resource URIs of one spelling where they are resource URIs. */
export const links: Read<readonly Link[]> = (value, attribute) =>
  list(value, attribute).map((one) => {
    const entry = object(one, attribute);
    const target = text(entry['to_service'], attribute);
    const uuid = uuidOfUri(target);
    return {
      to_service: uuid === undefined ? target : serviceUri(uuid),
      name: text(entry['name'] ?? '', attribute),
    };
  });

/** Uuids of linking services; a form that is not known is kept as it is, so that it still counts as a link. */
export const linkedFrom: Read<readonly string[]> = (value, attribute) =>
  list(value, attribute).map((one) => {
    const from = isObject(one) ? (one['from_service'] ?? one['resource_uri'] ?? one['uuid']) : one;
    const uri = text(from, attribute);
    return uuidOfUri(uri) ?? uri;
  });

/** `Object.fromEntries`, as a key `__proto__` would otherwise be lost. */
export const labels: Read<Readonly<Record<string, string>>> = (value, attribute) =>
  Object.fromEntries(
    Object.entries(object(value, attribute)).map(([key, label]) => [key, text(label ?? '', attribute)]),
  );

export const bindings: Read<readonly Binding[]> = (value, attribute) =>
  list(value, attribute).map((one) => {
    const { volume, container_path, rewritable } = object(one, attribute);
    return {
      volume: text(volume, attribute),
      container_path: text(container_path, attribute),
      ...(rewritable === undefined || rewritable === null ? {} : { rewritable: flag(rewritable, attribute) }),
    };
  });
