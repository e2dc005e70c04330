import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { inspect } from "node:util"
import { errorOf, load, market } from "./problemsOf.ts"

const pemOf = (type: "sec1" | "pkcs8", namedCurve = "P-256"): string =>
  generateKeyPairSync("ec", { namedCurve }).privateKey.export({ type, format: "pem" }).toString().trim()

const pem = pemOf("pkcs8")
const name = "organizations/o/apiKeys/k"

describe("Coinbase's key", () => {
  it.effect.each(
    [
      ["PKCS#8 as text", pem, { COINBASE_API_SECRET: pem }],
      ["escaped line breaks", pem, { COINBASE_API_SECRET: pem.replaceAll("\n", "\\n") }],
      ["quotes around it", pem, { COINBASE_API_SECRET: `"${pem.replaceAll("\n", "\\n")}\\n"` }],
      ["a file", pem, { COINBASE_API_SECRET_FILE: "key.pem" }]
    ] as const
  )("is read from %s", ([, expected, environment]) =>
    Effect.gen(function*() {
      const config = yield* load(market, { COINBASE_API_KEY: name, ...environment }, { "key.pem": `${pem}\n` })
      const { coinbase } = config.credentials
      assert.strictEqual(coinbase?.keyName, name)
      assert.strictEqual(coinbase === null ? null : Redacted.value(coinbase.secret), expected)
    }))

  it.effect("may end with a line break, as one that is made from a file does", () =>
    Effect.gen(function*() {
      const { credentials } = yield* load(market, {
        AWS_ACCESS_KEY: "id\n",
        AWS_SECRET_KEY: "hunter2\r\n",
        COINBASE_API_KEY: `${name}\n`,
        COINBASE_API_SECRET: `${pem}\n`
      })
      assert.strictEqual(credentials.coinbase?.keyName, name)
      const { aws } = credentials
      assert.deepStrictEqual(
        aws === null ? null : [Redacted.value(aws.accessKeyId), Redacted.value(aws.secretAccessKey)],
        ["id", "hunter2"]
      )
    }))

  it.effect("may be SEC1", () =>
    Effect.gen(function*() {
      const sec1 = pemOf("sec1")
      const { credentials } = yield* load(market, { COINBASE_API_KEY: name, COINBASE_API_SECRET: sec1 })
      assert.isNotNull(credentials.coinbase)
    }))

  const other = pemOf("pkcs8", "secp256k1")
  it.effect.each(
    [
      ["a name without a secret", { COINBASE_API_KEY: name }, "COINBASE_API_SECRET", /since COINBASE_API_KEY is/],
      ["a secret without a name", { COINBASE_API_SECRET: pem }, "COINBASE_API_KEY", /since its secret is/],
      ["a file without a name", { COINBASE_API_SECRET_FILE: "key.pem" }, "COINBASE_API_KEY", /since its secret is/],
      [
        "text and file",
        { COINBASE_API_KEY: name, COINBASE_API_SECRET: pem, COINBASE_API_SECRET_FILE: "key.pem" },
        "COINBASE_API_SECRET_FILE",
        /since COINBASE_API_SECRET is/
      ],
      [
        "a missing file",
        { COINBASE_API_KEY: name, COINBASE_API_SECRET_FILE: "hunter2" },
        "COINBASE_API_SECRET_FILE",
        /read/
      ],
      [
        "a closed file",
        { COINBASE_API_KEY: name, COINBASE_API_SECRET_FILE: "closed" },
        "COINBASE_API_SECRET_FILE",
        /read/
      ],
      [
        "an empty file",
        { COINBASE_API_KEY: name, COINBASE_API_SECRET_FILE: "empty" },
        "COINBASE_API_SECRET_FILE",
        /empty/
      ],
      [
        "a file of another kind",
        { COINBASE_API_KEY: name, COINBASE_API_SECRET_FILE: "other" },
        "COINBASE_API_SECRET_FILE",
        /EC P-256/
      ],
      ["no PEM", { COINBASE_API_KEY: name, COINBASE_API_SECRET: "hunter2" }, "COINBASE_API_SECRET", /EC P-256/],
      ["another curve", { COINBASE_API_KEY: name, COINBASE_API_SECRET: other }, "COINBASE_API_SECRET", /EC P-256/]
    ] as const
  )("is a problem: %s", ([, environment, path, expected]) =>
    Effect.gen(function*() {
      const error = yield* errorOf(market, environment, { "key.pem": pem, empty: " \n", closed: null, other })
      assert.deepStrictEqual(error.problems.map((problem) => problem.path), [path])
      assert.match(error.problems[0]?.expected ?? "", expected)
    }))
})

describe("AWS credentials", () => {
  it.effect("are both or neither", () =>
    Effect.gen(function*() {
      const { credentials } = yield* load(market, { AWS_ACCESS_KEY: "id", AWS_SECRET_KEY: "hunter2" })
      assert.strictEqual(credentials.aws === null ? null : Redacted.value(credentials.aws.secretAccessKey), "hunter2")
      for (
        const [set, missing] of [["AWS_ACCESS_KEY", "AWS_SECRET_KEY"], ["AWS_SECRET_KEY", "AWS_ACCESS_KEY"]] as const
      ) {
        const { problems } = yield* errorOf(market, { [set]: "hunter2" })
        assert.deepStrictEqual(problems.map(({ path }) => path), [missing])
        assert.include(problems[0]?.instead, `unset ${set}`)
      }
      assert.isNull((yield* load(market, { AWS_REGION: "eu-west-1" })).credentials.aws)
    }))
})

describe("a secret", () => {
  const written = (value: unknown): string =>
    [JSON.stringify(value), inspect(value, { depth: null, showHidden: true }), String(value)].join("\n")

  it.effect("never shows in the configuration", () =>
    Effect.gen(function*() {
      const shown = written(
        yield* load(market, {
          AWS_ACCESS_KEY: "hunter1",
          AWS_SECRET_KEY: "hunter2",
          COINBASE_API_KEY: name,
          COINBASE_API_SECRET: pem
        })
      )
      assert.notInclude(shown, "hunter")
      assert.notInclude(shown, pem.slice(40, 60))
      assert.include(shown, "<redacted>")
    }))

  it.effect("never shows in an error, wherever it was put by mistake", () =>
    Effect.gen(function*() {
      const secret = "hunter2hunter2"
      const environments = [
        { COINBASE_API_SECRET: secret },
        { COINBASE_API_KEY: name, COINBASE_API_SECRET: secret, COINBASE_API_SECRET_FILE: secret },
        { COINBASE_API_KEY: secret },
        { COINBASE_API_KEY: name, COINBASE_API_SECRET_FILE: secret },
        { COINBASE_API_KEY: name, COINBASE_API_SECRET_FILE: "key.pem" },
        { AWS_ACCESS_KEY: secret },
        { AWS_SECRET_KEY: secret },
        { LOG_LEVEL: secret, METRICS_PORT: secret, BUCKET_NAME: `${secret}/`, AWS_REGION: `${secret}/` }
      ]
      for (const environment of environments) {
        const error = yield* errorOf(market, environment, { "key.pem": secret })
        assert.notInclude(`${error.message}\n${error.stack ?? ""}\n${written(error)}`, "hunter2")
      }
      const leaks = [
        `AWS_SECRET_KEY=${secret}`,
        `[aws]\nsecret_key = "${secret}"\n${market}`,
        `[aws]\nregion = ["${secret}"]\nendpoint = "http://a:${secret}@x"\n${market}`,
        `x = "\\${secret}"`,
        `[[markets]]\nexchange = "${secret}"\nsymbols = ["/${secret}?"]\nbase_url = "wss://a:${secret}@x"`
      ]
      for (const text of leaks) {
        const error = yield* errorOf(text)
        assert.notInclude(`${error.message}\n${error.stack ?? ""}\n${written(error)}`, "hunter2")
      }
    }))
})
