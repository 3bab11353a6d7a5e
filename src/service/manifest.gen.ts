/** Generated from schemas/service.schema.json by `npm run generate`. Do not edit. */

/**
 * One service as it should be. The fields are the create parameters of the service API under their own names, plus what only the controller reads: state and reconcile.
 */
export interface ServiceManifest {
  /**
   * The service's name. It is the identity of this manifest: renaming makes another service. Lower-case letters, digits and hyphens, at most 63.
   */
  name: string;
  /**
   * The image in docker's form, such as nginx:1.27 or registry.example.com/team/app@sha256:…. Without a tag it is latest.
   */
  image: string;
  /**
   * How many containers to run. Default at create: 1. With 0 the service has no containers.
   */
  target_num_containers?: number;
  /**
   * The command that starts the containers. Default: as defined in the image.
   */
  run_command?: string;
  /**
   * The command prefix that starts the containers. Default: as defined in the image.
   */
  entrypoint?: string;
  /**
   * Ports to publish. Default: all ports the image exposes, on ports the platform picks.
   *
   * Items: One published port.
   */
  container_ports?: {
    /**
     * Default: tcp.
     */
    protocol?: 'tcp' | 'udp';
    /**
     * The port inside the container.
     */
    inner_port: number;
    /**
     * The port on the host. Without it the platform picks one.
     */
    outer_port?: number;
  }[];
  /**
   * Environment variables of the containers. Every value is treated as a secret and is never shown; keys are shown.
   *
   * Items: A key with either a value or the place its value comes from.
   */
  container_envvars?: {
    /**
     * The variable's name in the container. EVENKEEL_OWNER is reserved.
     */
    key: string;
    /**
     * The value, as text. Quote numbers and booleans. ${VAR} and ${VAR:-default} are replaced, $$ is a dollar sign.
     */
    value?: string;
    /**
     * Where the value comes from when a plan is made, so that it need not stand in the manifest.
     */
    value_from?: {
      /**
       * A variable's name. TUTUM_*, EVENKEEL_* and DOCKERCLOUD_* are never given out.
       */
      env?: string;
      /**
       * A file under the directory given by --secrets-dir, relative to it. One newline at its end is removed.
       */
      file?: string;
    };
  }[];
  /**
   * Services this one is linked to. A link is a dependency as well.
   *
   * Items: One link.
   */
  linked_to_service?: {
    /**
     * The name of a service in the same load, or a resource URI such as /api/v1/service/<uuid>/.
     */
    to_service: string;
    /**
     * The name under which the target is reached. Default: the target's name; needed with a resource URI.
     */
    name?: string;
  }[];
  /**
   * Whether containers that stop are started again. Default: OFF.
   */
  autorestart?: 'OFF' | 'ON_FAILURE' | 'ALWAYS';
  /**
   * Whether containers that stop are replaced by new ones. Default: OFF.
   */
  autoreplace?: 'OFF' | 'ON_FAILURE' | 'ALWAYS';
  /**
   * Whether containers that stop are terminated. Default: OFF. Anything else implies reconcile.run_once.
   */
  autodestroy?: 'OFF' | 'ON_FAILURE' | 'ALWAYS';
  /**
   * Whether containers are launched and scaled one after the other. Default: false.
   */
  sequential_deployment?: boolean;
  /**
   * API roles granted to the service. Default: none.
   *
   * Items: The only role there is.
   */
  roles?: 'global'[];
  /**
   * Labels of the service, text to text. Needs a server that announces labels. EVENKEEL_OWNER is reserved.
   */
  labels?: {
    /**
     * The label's value, as text.
     */
    [k: string]: string;
  };
  /**
   * Named volumes mounted into the containers, never host paths. Needs a server that announces bindings.
   *
   * Items: One named volume.
   */
  bindings?: {
    /**
     * The volume's name. It is made when it does not exist.
     */
    volume: string;
    /**
     * An absolute path.
     */
    container_path: string;
    /**
     * Whether containers may write to it. Default: true.
     */
    rewritable?: boolean;
  }[];
  /**
   * Megabytes a container may use; 0 is no limit, which is the default. Needs a server that announces limits.
   */
  memory?: number;
  /**
   * Relative weight of the containers' CPU time; 0 is the engine's own default. Needs a server that announces limits.
   */
  cpu_shares?: number;
  /**
   * Whether the service should run or be stopped. Default: Running. Not sent to the API.
   */
  state?: 'Running' | 'Stopped';
  /**
   * How the controller treats this service. Never sent to the API.
   */
  reconcile?: {
    /**
     * Whether the service may be terminated and made anew when nothing else leads to what is wished. Destroys its data. Default: false.
     */
    allow_replace?: boolean;
    /**
     * Take over a live service of this name that this controller did not create. It is written to while this line stands, and never pruned. Default: false.
     */
    adopt?: boolean;
    /**
     * Deleting or replacing this service is an error. Default: false.
     */
    protect?: boolean;
    /**
     * The service ends by itself. Once deployed it is left alone; a new redeploy token runs it again. Default: false.
     */
    run_once?: boolean;
    /**
     * Fields that are sent at create and never compared afterwards.
     *
     * Items: A field's name, or state.
     */
    ignore?: (
      | 'image'
      | 'target_num_containers'
      | 'run_command'
      | 'entrypoint'
      | 'container_ports'
      | 'container_envvars'
      | 'linked_to_service'
      | 'autorestart'
      | 'autoreplace'
      | 'autodestroy'
      | 'sequential_deployment'
      | 'roles'
      | 'labels'
      | 'bindings'
      | 'memory'
      | 'cpu_shares'
      | 'state'
    )[];
    /**
     * Names of services that must have reached their own wish first. Links imply it.
     *
     * Items: A service's name in the same load, or a resource URI.
     */
    depends_on?: string[];
    /**
     * Any text. Changing it asks for one redeploy.
     */
    redeploy?: string;
  };
}
