/** Resource URIs of services: `/api/v1/service/<uuid>/`. */
const SERVICE_URI = /^(?:https?:\/\/[^/]+)?\/api\/v1\/service\/([0-9a-zA-Z-]+)\/?$/;

export function serviceUri(uuid: string): string {
  return `/api/v1/service/${uuid}/`;
}

/** The uuid a resource URI names, or undefined if `text` is no resource URI of a service. */
export function uuidOfUri(text: string): string | undefined {
  return SERVICE_URI.exec(text)?.[1];
}
