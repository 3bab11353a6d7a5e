/**
 * The service object and its list as they travel (reference "Attributes"; `research/api.md` §1.2 for the ones it
 * leaves out). Shared by the client, which trusts none of it, and the server, which writes it.
 */
export interface ServiceObject {
  readonly uuid: string;
  readonly resource_uri: string;
  readonly name: string;
  readonly unique_name: string;
  readonly state: string;
  readonly image_name: string;
  readonly image_tag: string;
  readonly target_num_containers: number;
  readonly current_num_containers: number;
  readonly running_num_containers: number;
  readonly stopped_num_containers: number;
  readonly run_command: string;
  readonly entrypoint: string;
  readonly container_ports: readonly object[];
  readonly container_envvars: readonly { readonly key: string; readonly value: string }[];
  readonly linked_to_service: readonly { readonly to_service: string; readonly name: string }[];
  readonly linked_from_service: readonly object[];
  readonly autorestart: string;
  readonly autoreplace: string;
  readonly autodestroy: string;
  readonly sequential_deployment: boolean;
  readonly roles: readonly string[];
  readonly deployed_datetime: string | null;
  readonly started_datetime: string | null;
  readonly stopped_datetime: string | null;
  readonly destroyed_datetime: string | null;
  readonly [extension: string]: unknown;
}

export interface ListMeta {
  readonly limit: number;
  readonly next: string | null;
  readonly offset: number;
  readonly previous: string | null;
  readonly total_count: number;
}

export const SERVICE_PATH = '/api/v1/service/';
