import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { Yaml } from "effect/encoding"
import packageJson from "../../package.json" with { type: "json" }
import { defaults } from "../../src/config/defaults.ts"
import { instruction, read } from "./repository.ts"

const text = read("deploy/statefulset.yaml")

const Name = Schema.String.check(Schema.isPattern(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/))
const Labels = Schema.Struct({ app: Name })
const Selector = Schema.Struct({ matchLabels: Labels })
const Quantity = Schema.String.check(Schema.isPattern(/^\d+(m|Mi|Gi)?$/))
const optional = Schema.optionalKey
const Times = Schema.Int.check(Schema.isGreaterThan(0))

const Probe = Schema.Struct({
  httpGet: Schema.Struct({ path: Schema.String, port: Name }),
  periodSeconds: Times,
  timeoutSeconds: optional(Times),
  failureThreshold: optional(Times)
})

const Container = Schema.Struct({
  name: Name,
  image: Schema.String,
  env: Schema.Array(Schema.Union([
    Schema.Struct({ name: Schema.String, value: Schema.String }),
    Schema.Struct({
      name: Schema.String,
      valueFrom: Schema.Struct({ fieldRef: Schema.Struct({ fieldPath: Schema.Literal("metadata.name") }) })
    })
  ])),
  envFrom: Schema.Array(Schema.Struct({ secretRef: Schema.Struct({ name: Name, optional: Schema.Boolean }) })),
  ports: Schema.Array(Schema.Struct({ name: Name, containerPort: Schema.Int })),
  startupProbe: Probe,
  livenessProbe: Probe,
  readinessProbe: Probe,
  resources: Schema.Struct({
    requests: Schema.Struct({ cpu: Quantity, memory: Quantity }),
    limits: Schema.Struct({ memory: Quantity })
  }),
  securityContext: Schema.Struct({
    allowPrivilegeEscalation: Schema.Literal(false),
    readOnlyRootFilesystem: Schema.Literal(true),
    capabilities: Schema.Struct({ drop: Schema.Tuple([Schema.Literal("ALL")]) })
  }),
  volumeMounts: Schema.Array(
    Schema.Struct({ name: Name, mountPath: Schema.String, readOnly: optional(Schema.Boolean) })
  )
})

/** The fields that Kubernetes documents for these kinds, as far as they are in use here. */
const Service = Schema.Struct({
  apiVersion: Schema.Literal("v1"),
  kind: Schema.Literal("Service"),
  metadata: Schema.Struct({ name: Name, labels: Labels }),
  spec: Schema.Struct({
    clusterIP: Schema.Literal("None"),
    publishNotReadyAddresses: Schema.Boolean,
    selector: Labels,
    ports: Schema.Array(Schema.Struct({ name: Name, port: Schema.Int, targetPort: Name }))
  })
})

const StatefulSet = Schema.Struct({
  apiVersion: Schema.Literal("apps/v1"),
  kind: Schema.Literal("StatefulSet"),
  metadata: Schema.Struct({ name: Name, labels: Labels }),
  spec: Schema.Struct({
    serviceName: Name,
    replicas: Times,
    minReadySeconds: Times,
    podManagementPolicy: Schema.Literals(["OrderedReady", "Parallel"]),
    selector: Selector,
    template: Schema.Struct({
      metadata: Schema.Struct({ labels: Labels }),
      spec: Schema.Struct({
        terminationGracePeriodSeconds: Times,
        topologySpreadConstraints: Schema.Array(Schema.Struct({
          maxSkew: Times,
          topologyKey: Schema.String,
          whenUnsatisfiable: Schema.Literals(["DoNotSchedule", "ScheduleAnyway"]),
          labelSelector: Selector
        })),
        securityContext: Schema.Struct({
          runAsNonRoot: Schema.Boolean,
          runAsUser: Schema.Int,
          runAsGroup: Schema.Int,
          fsGroup: Schema.Int,
          fsGroupChangePolicy: Schema.Literals(["OnRootMismatch", "Always"]),
          seccompProfile: Schema.Struct({ type: Schema.Literal("RuntimeDefault") })
        }),
        automountServiceAccountToken: Schema.Boolean,
        containers: Schema.Tuple([Container]),
        volumes: Schema.Array(Schema.Union([
          Schema.Struct({ name: Name, configMap: Schema.Struct({ name: Name }) }),
          Schema.Struct({ name: Name, emptyDir: Schema.Struct({ sizeLimit: Quantity }) })
        ]))
      })
    }),
    persistentVolumeClaimRetentionPolicy: Schema.Struct({
      whenScaled: Schema.Literals(["Retain", "Delete"]),
      whenDeleted: Schema.Literals(["Retain", "Delete"])
    }),
    volumeClaimTemplates: Schema.Array(Schema.Struct({
      metadata: Schema.Struct({ name: Name }),
      spec: Schema.Struct({
        accessModes: Schema.Array(Schema.Literals(["ReadWriteOnce", "ReadWriteOncePod"])),
        resources: Schema.Struct({ requests: Schema.Struct({ storage: Quantity }) })
      })
    }))
  })
})

const manifest = () => {
  const [service, statefulSet, ...others] = text.split(/^---$/m).map((part) => Yaml.parse(part))
  assert.lengthOf(others, 0)
  const strict = { onExcessProperty: "error" } as const
  return {
    service: Result.getOrThrow(Schema.decodeUnknownResult(Service, strict)(service)),
    statefulSet: Result.getOrThrow(Schema.decodeUnknownResult(StatefulSet, strict)(statefulSet))
  }
}

describe("deploy/statefulset.yaml", () => {
  it("has fields that Kubernetes knows, and names that fit together", () => {
    const { service, statefulSet: { metadata, spec } } = manifest()
    assert.strictEqual(spec.serviceName, service.metadata.name)
    for (const labels of [service.spec.selector, spec.selector.matchLabels, spec.template.metadata.labels]) {
      assert.deepStrictEqual(labels, metadata.labels)
    }
    const pod = spec.template.spec
    const volumes = [...pod.volumes, ...spec.volumeClaimTemplates.map((each) => each.metadata)].map(({ name }) => name)
    assert.sameMembers(pod.containers[0].volumeMounts.map(({ name }) => name), volumes)
  })

  it("tells each pod which shard it is, and of how many", () => {
    const { statefulSet: { spec } } = manifest()
    const [{ env }] = spec.template.spec.containers
    assert.deepInclude(env, { name: "SHARD_INDEX", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } })
    assert.deepInclude(env, { name: "SHARD_COUNT", value: String(spec.replicas) })
    const known = new Set([...read(".env.example").matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name))
    for (const { name } of env) assert.isTrue(known.has(name), name)
  })

  it("gives a stop more time than it may take, and keeps what is not stored yet", () => {
    const { statefulSet: { spec } } = manifest()
    const { storage_secs, upload_secs, websocket_secs } = defaults.shutdown
    const longest = websocket_secs + 2 * storage_secs + 4 + upload_secs
    assert.isAbove(spec.template.spec.terminationGracePeriodSeconds, longest)
    assert.strictEqual(spec.template.spec.terminationGracePeriodSeconds, 150)
    assert.deepStrictEqual(spec.persistentVolumeClaimRetentionPolicy, { whenScaled: "Retain", whenDeleted: "Retain" })
  })

  it("runs the image as the Dockerfile makes it: port, user, folders that are written, version", () => {
    const { service, statefulSet: { spec } } = manifest()
    const pod = spec.template.spec
    const [container] = pod.containers
    const [port] = container.ports
    assert.strictEqual(String(port?.containerPort), instruction("EXPOSE"))
    assert.deepStrictEqual(service.spec.ports.map(({ targetPort }) => targetPort), [port!.name])
    assert.strictEqual(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`, instruction("USER"))
    const folders: ReadonlyArray<string> = JSON.parse(instruction("VOLUME"))
    const mounted = container.volumeMounts.filter(({ readOnly }) => readOnly !== true)
    assert.sameMembers(mounted.map(({ mountPath }) => mountPath), [...folders])
    assert.isTrue(container.image.endsWith(`:${packageJson.version}`))
    const config = container.env.find(({ name }) => name === "CONFIG_PATH")
    const path = config !== undefined && "value" in config ? config.value : ""
    assert.isTrue(container.volumeMounts.some(({ mountPath, name }) => name === "config" && path.startsWith(mountPath)))
  })

  it("is ready when it records, and is started anew only where it does not answer", () => {
    const { statefulSet } = manifest()
    const [{ livenessProbe, ports, readinessProbe, startupProbe }] = statefulSet.spec.template.spec.containers
    assert.strictEqual(readinessProbe.httpGet.path, "/ready")
    assert.strictEqual(startupProbe.httpGet.path, "/health")
    assert.strictEqual(livenessProbe.httpGet.path, "/")
    for (const { httpGet } of [livenessProbe, readinessProbe, startupProbe]) {
      assert.strictEqual(httpGet.port, ports[0]?.name)
    }
  })
})
