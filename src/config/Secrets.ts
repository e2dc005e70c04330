import { Effect, FileSystem, Redacted } from "effect"
import { createPrivateKey } from "node:crypto"
import type { AwsCredentials, CoinbaseCredentials } from "./Config.ts"
import type { Environment } from "./environment.ts"
import { type Found, textOf } from "./variable.ts"

/** The credentials of this process; null where none are configured. */
export interface Secrets {
  readonly aws: AwsCredentials | null
  readonly coinbase: CoinbaseCredentials | null
}

const wrong = (path: string, expected: string, instead: string): Found<never> => ({
  value: null,
  problems: [{ path, expected, instead }]
})

/** Without the line break that a secret made from a file has at its end. */
const lineOf = (environment: Environment, name: string): string | null => textOf(environment, name)?.trim() || null

const readAws = (environment: Environment): Found<AwsCredentials> => {
  const id = lineOf(environment, "AWS_ACCESS_KEY")
  const secret = lineOf(environment, "AWS_SECRET_KEY")
  if (id !== null && secret !== null) {
    return { value: { accessKeyId: Redacted.make(id), secretAccessKey: Redacted.make(secret) }, problems: [] }
  }
  if (id === null && secret === null) return { value: null, problems: [] }
  const [set, missing] = id === null ? ["AWS_SECRET_KEY", "AWS_ACCESS_KEY"] : ["AWS_ACCESS_KEY", "AWS_SECRET_KEY"]
  return wrong(
    missing,
    `to be set, since ${set} is`,
    `set ${missing}, or unset ${set} to use the AWS SDK's own credential chain`
  )
}

/** Whether node reads `pem` as a key that signs ES256, in SEC1 or PKCS#8. */
const signsEs256 = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === "prime256v1"
  } catch {
    return false
  }
}

/** PEM text with real line breaks, without the quotes that some environment files leave around it. */
const unescaped = (pem: string): string => pem.trim().replace(/^(["'])(.*)\1$/s, "$2").replaceAll("\\n", "\n").trim()

const aKey = "an EC P-256 private key as PEM text, from -----BEGIN to END-----"

const readCoinbaseSecret = Effect.fnUntraced(function*(environment: Environment) {
  const text = textOf(environment, "COINBASE_API_SECRET")
  const file = textOf(environment, "COINBASE_API_SECRET_FILE")
  if (text !== null && file !== null) {
    return wrong("COINBASE_API_SECRET_FILE", "not to be set, since COINBASE_API_SECRET is", "unset one of the two")
  }
  if (text !== null) {
    const secret = unescaped(text)
    return signsEs256(secret)
      ? { value: Redacted.make(secret), problems: [] }
      : wrong(
        "COINBASE_API_SECRET",
        aKey,
        "use the secret of an ECDSA key as Coinbase gave it, with \\n for line breaks"
      )
  }
  if (file === null) return { value: null, problems: [] }
  const fs = yield* FileSystem.FileSystem
  const content = yield* fs.readFileString(file).pipe(Effect.orElseSucceed(() => null))
  if (content === null) {
    return wrong(
      "COINBASE_API_SECRET_FILE",
      "the path of a file that can be read",
      "correct the path, or let the user that runs ticklake read the file"
    )
  }
  const secret = unescaped(content)
  if (secret === "") {
    return wrong("COINBASE_API_SECRET_FILE", "a file that is not empty", "write the private key into the file")
  }
  return signsEs256(secret)
    ? { value: Redacted.make(secret), problems: [] }
    : wrong("COINBASE_API_SECRET_FILE", `the path of a file with ${aKey}`, "use the secret of an ECDSA key of Coinbase")
})

const readCoinbase = Effect.fnUntraced(function*(environment: Environment) {
  const keyName = lineOf(environment, "COINBASE_API_KEY")
  const secret: Found<Redacted.Redacted> = yield* readCoinbaseSecret(environment)
  if (secret.value !== null && keyName !== null) return { value: { keyName, secret: secret.value }, problems: [] }
  const hasSecret = secret.value !== null || secret.problems.length > 0
  const half = keyName === null && hasSecret
    ? wrong("COINBASE_API_KEY", "to be set, since its secret is", "set COINBASE_API_KEY, or unset the secret")
    : keyName !== null && !hasSecret
    ? wrong(
      "COINBASE_API_SECRET",
      "to be set, or COINBASE_API_SECRET_FILE, since COINBASE_API_KEY is",
      "set one of them, or unset COINBASE_API_KEY to use Coinbase without a key"
    )
    : { problems: [] }
  return { value: null, problems: [...secret.problems, ...half.problems] }
})

/** Reads the credentials; half a credential is a problem, and no problem ever holds a value. */
export const readSecrets = Effect.fnUntraced(function*(environment: Environment) {
  const aws = readAws(environment)
  const coinbase: Found<CoinbaseCredentials> = yield* readCoinbase(environment)
  const secrets: Secrets = { aws: aws.value, coinbase: coinbase.value }
  return { value: secrets, problems: [...aws.problems, ...coinbase.problems] }
})
