/** Generated from schemas/service.schema.json by `npm run generate`. Do not edit. */
export const SERVICE_SCHEMA = {
  "title": "ServiceManifest",
  "description": "One service as it should be. The fields are the create parameters of the service API under their own names, plus what only the controller reads: state and reconcile.",
  "type": "object",
  "additionalProperties": false,
  "required": [
    "name",
    "image"
  ],
  "properties": {
    "name": {
      "title": "Name",
      "description": "The service's name. It is the identity of this manifest: renaming makes another service. Lower-case letters, digits and hyphens, at most 63.",
      "type": "string",
      "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
    },
    "image": {
      "title": "Image",
      "description": "The image in docker's form, such as nginx:1.27 or registry.example.com/team/app@sha256:…. Without a tag it is latest.",
      "type": "string",
      "minLength": 1,
      "maxLength": 512,
      "pattern": "^[^\\s]+$"
    },
    "target_num_containers": {
      "title": "Target number of containers",
      "description": "How many containers to run. Default at create: 1. With 0 the service has no containers.",
      "type": "integer",
      "minimum": 0,
      "maximum": 10000
    },
    "run_command": {
      "title": "Run command",
      "description": "The command that starts the containers. Default: as defined in the image.",
      "type": "string"
    },
    "entrypoint": {
      "title": "Entrypoint",
      "description": "The command prefix that starts the containers. Default: as defined in the image.",
      "type": "string"
    },
    "container_ports": {
      "title": "Container ports",
      "description": "Ports to publish. Default: all ports the image exposes, on ports the platform picks.",
      "type": "array",
      "items": {
        "title": "Port",
        "description": "One published port.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "inner_port"
        ],
        "properties": {
          "protocol": {
            "title": "Protocol",
            "description": "Default: tcp.",
            "type": "string",
            "enum": [
              "tcp",
              "udp"
            ]
          },
          "inner_port": {
            "title": "Inner port",
            "description": "The port inside the container.",
            "type": "integer",
            "minimum": 1,
            "maximum": 65535
          },
          "outer_port": {
            "title": "Outer port",
            "description": "The port on the host. Without it the platform picks one.",
            "type": "integer",
            "minimum": 1,
            "maximum": 65535
          }
        }
      }
    },
    "container_envvars": {
      "title": "Environment variables",
      "description": "Environment variables of the containers. Every value is treated as a secret and is never shown; keys are shown.",
      "type": "array",
      "items": {
        "title": "Environment variable",
        "description": "A key with either a value or the place its value comes from.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "key"
        ],
        "properties": {
          "key": {
            "title": "Key",
            "description": "The variable's name in the container. EVENKEEL_OWNER is reserved.",
            "type": "string",
            "minLength": 1,
            "maxLength": 512,
            "pattern": "^[^=\\s]+$"
          },
          "value": {
            "title": "Value",
            "description": "The value, as text. Quote numbers and booleans. ${VAR} and ${VAR:-default} are replaced, $$ is a dollar sign.",
            "type": "string"
          },
          "value_from": {
            "title": "Value from",
            "description": "Where the value comes from when a plan is made, so that it need not stand in the manifest.",
            "type": "object",
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {
              "env": {
                "title": "Environment variable of the controller",
                "description": "A variable's name. TUTUM_*, EVENKEEL_* and DOCKERCLOUD_* are never given out.",
                "type": "string",
                "maxLength": 512,
                "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"
              },
              "file": {
                "title": "File",
                "description": "A file under the directory given by --secrets-dir, relative to it. One newline at its end is removed.",
                "type": "string",
                "minLength": 1,
                "maxLength": 4096
              }
            }
          }
        },
        "if": {
          "properties": {
            "value": true
          },
          "required": [
            "value"
          ]
        },
        "then": {
          "not": {
            "properties": {
              "value_from": true
            },
            "required": [
              "value_from"
            ]
          }
        },
        "else": {
          "properties": {
            "value_from": true
          },
          "required": [
            "value_from"
          ]
        }
      }
    },
    "linked_to_service": {
      "title": "Links",
      "description": "Services this one is linked to. A link is a dependency as well.",
      "type": "array",
      "items": {
        "title": "Link",
        "description": "One link.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "to_service"
        ],
        "properties": {
          "to_service": {
            "title": "Target",
            "description": "The name of a service in the same load, or a resource URI such as /api/v1/service/<uuid>/.",
            "type": "string",
            "minLength": 1
          },
          "name": {
            "title": "Link name",
            "description": "The name under which the target is reached. Default: the target's name; needed with a resource URI.",
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[A-Za-z0-9]([A-Za-z0-9_.-]*)$"
          }
        }
      }
    },
    "autorestart": {
      "title": "Automatic restart",
      "description": "Whether containers that stop are started again. Default: OFF.",
      "type": "string",
      "enum": [
        "OFF",
        "ON_FAILURE",
        "ALWAYS"
      ]
    },
    "autoreplace": {
      "title": "Automatic replacement",
      "description": "Whether containers that stop are replaced by new ones. Default: OFF.",
      "type": "string",
      "enum": [
        "OFF",
        "ON_FAILURE",
        "ALWAYS"
      ]
    },
    "autodestroy": {
      "title": "Automatic removal",
      "description": "Whether containers that stop are terminated. Default: OFF. Anything else implies reconcile.run_once.",
      "type": "string",
      "enum": [
        "OFF",
        "ON_FAILURE",
        "ALWAYS"
      ]
    },
    "sequential_deployment": {
      "title": "Sequential deployment",
      "description": "Whether containers are launched and scaled one after the other. Default: false.",
      "type": "boolean"
    },
    "roles": {
      "title": "Roles",
      "description": "API roles granted to the service. Default: none.",
      "type": "array",
      "items": {
        "title": "Role",
        "description": "The only role there is.",
        "type": "string",
        "enum": [
          "global"
        ]
      }
    },
    "labels": {
      "title": "Labels",
      "description": "Labels of the service, text to text. Needs a server that announces labels. EVENKEEL_OWNER is reserved.",
      "type": "object",
      "propertyNames": {
        "minLength": 1,
        "maxLength": 512
      },
      "additionalProperties": {
        "title": "Label",
        "description": "The label's value, as text.",
        "type": "string"
      }
    },
    "bindings": {
      "title": "Volumes",
      "description": "Named volumes mounted into the containers, never host paths. Needs a server that announces bindings.",
      "type": "array",
      "items": {
        "title": "Volume",
        "description": "One named volume.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "volume",
          "container_path"
        ],
        "properties": {
          "volume": {
            "title": "Volume name",
            "description": "The volume's name. It is made when it does not exist.",
            "type": "string",
            "maxLength": 255,
            "pattern": "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$"
          },
          "container_path": {
            "title": "Path in the container",
            "description": "An absolute path.",
            "type": "string",
            "maxLength": 4096,
            "pattern": "^/[^:]*$"
          },
          "rewritable": {
            "title": "Writable",
            "description": "Whether containers may write to it. Default: true.",
            "type": "boolean"
          }
        }
      }
    },
    "memory": {
      "title": "Memory limit",
      "description": "Megabytes a container may use; 0 is no limit, which is the default. Needs a server that announces limits.",
      "type": "integer",
      "minimum": 0,
      "maximum": 16777216
    },
    "cpu_shares": {
      "title": "CPU shares",
      "description": "Relative weight of the containers' CPU time; 0 is the engine's own default. Needs a server that announces limits.",
      "type": "integer",
      "minimum": 0,
      "maximum": 262144
    },
    "state": {
      "title": "State",
      "description": "Whether the service should run or be stopped. Default: Running. Not sent to the API.",
      "type": "string",
      "enum": [
        "Running",
        "Stopped"
      ]
    },
    "reconcile": {
      "title": "Reconcile",
      "description": "How the controller treats this service. Never sent to the API.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "allow_replace": {
          "title": "Allow replace",
          "description": "Whether the service may be terminated and made anew when nothing else leads to what is wished. Destroys its data. Default: false.",
          "type": "boolean"
        },
        "adopt": {
          "title": "Adopt",
          "description": "Take over a live service of this name that this controller did not create. It is written to while this line stands, and never pruned. Default: false.",
          "type": "boolean"
        },
        "protect": {
          "title": "Protect",
          "description": "Deleting or replacing this service is an error. Default: false.",
          "type": "boolean"
        },
        "run_once": {
          "title": "Run once",
          "description": "The service ends by itself. Once deployed it is left alone; a new redeploy token runs it again. Default: false.",
          "type": "boolean"
        },
        "ignore": {
          "title": "Ignored fields",
          "description": "Fields that are sent at create and never compared afterwards.",
          "type": "array",
          "items": {
            "title": "Field",
            "description": "A field's name, or state.",
            "type": "string",
            "enum": [
              "image",
              "target_num_containers",
              "run_command",
              "entrypoint",
              "container_ports",
              "container_envvars",
              "linked_to_service",
              "autorestart",
              "autoreplace",
              "autodestroy",
              "sequential_deployment",
              "roles",
              "labels",
              "bindings",
              "memory",
              "cpu_shares",
              "state"
            ]
          }
        },
        "depends_on": {
          "title": "Depends on",
          "description": "Names of services that must have reached their own wish first. Links imply it.",
          "type": "array",
          "items": {
            "title": "Name",
            "description": "A service's name in the same load, or a resource URI.",
            "type": "string",
            "minLength": 1
          }
        },
        "redeploy": {
          "title": "Redeploy token",
          "description": "Any text. Changing it asks for one redeploy.",
          "type": "string",
          "minLength": 1,
          "maxLength": 256
        }
      }
    }
  }
} as const;
