/**
 * What a service is made of, in the API's own field names.
 *
 * Every field is optional: only what a manifest declares is compared, and only what the API reported is believed.
 */
export interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly inner_port: number;
  /** Absent = published on a port the platform picks. */
  readonly outer_port?: number;
}

/** The value is a secret in every output, log and file of ours; the key is not (design §5). */
export interface EnvVar {
  readonly key: string;
  readonly value: string;
}

export interface Link {
  /** A manifest's name, a resource URI, or `@name` for a service whose uuid is not known yet (design §6). */
  readonly to_service: string;
  readonly name: string;
}

/** A named volume, never a host path (design §10). */
export interface Binding {
  readonly volume: string;
  readonly container_path: string;
  readonly rewritable?: boolean;
}

export type Auto = 'OFF' | 'ON_FAILURE' | 'ALWAYS';

export interface Spec {
  readonly image?: string;
  readonly target_num_containers?: number;
  readonly run_command?: string;
  readonly entrypoint?: string;
  readonly container_ports?: readonly Port[];
  readonly container_envvars?: readonly EnvVar[];
  readonly linked_to_service?: readonly Link[];
  readonly autorestart?: Auto;
  readonly autoreplace?: Auto;
  readonly autodestroy?: Auto;
  readonly sequential_deployment?: boolean;
  readonly roles?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly bindings?: readonly Binding[];
  /** Megabytes. */
  readonly memory?: number;
  readonly cpu_shares?: number;
}
