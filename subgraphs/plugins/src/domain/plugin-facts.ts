import { baseUrl } from './base-url.js'
import { invalid } from './invalid.js'
import type { PluginFacts } from './plugin.js'
import type { IsPublicHost } from './ports.js'

export const maxCapabilities = 50
const maxVersionLength = 128
const maxCapabilityLength = 64

// A DNS label (RFC 1123), because the name appears in queue names and addresses.
const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
// https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string
const semverPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/
const capabilityPattern = /^[a-z][a-z0-9-]*(?::[a-z][a-z0-9-]*)+$/

/**
 * Without `isPublicHost` any host will do.
 * @throws AppError INVALID_INPUT that names the field
 */
export function pluginFacts(input: PluginFacts, isPublicHost: IsPublicHost | null): PluginFacts {
  return {
    name: name(input.name),
    version: version(input.version),
    baseUrl: baseUrl(input.baseUrl, isPublicHost),
    capabilities: capabilities(input.capabilities),
  }
}

function name(value: string): string {
  if (namePattern.test(value)) return value
  throw invalid('name', 'must be 1 to 63 lower-case letters, digits and inner hyphens')
}

function version(value: string): string {
  if (value.length <= maxVersionLength && semverPattern.test(value)) return value
  throw invalid('version', 'must be a semantic version, like 1.4.0')
}

/** Each once, in the order given. */
function capabilities(values: readonly string[]): readonly string[] {
  if (values.length > maxCapabilities) {
    throw invalid('capabilities', `must be at most ${maxCapabilities}`)
  }
  const wrong = values.find(
    (value) => value.length > maxCapabilityLength || !capabilityPattern.test(value),
  )
  if (wrong !== undefined) {
    throw invalid('capabilities', `must be like stories:read, not "${wrong.slice(0, 64)}"`)
  }
  return [...new Set(values)]
}
