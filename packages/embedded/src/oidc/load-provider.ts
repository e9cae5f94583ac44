import type Provider from 'oidc-provider'

/**
 * oidc-provider 9 warns on the console about every Node older than 22 when it is loaded. It runs
 * on 20, as its tests here show, and whoever starts Heirloom can do nothing about the warning.
 */
export async function loadProvider(): Promise<typeof Provider> {
  const { warn } = console
  console.warn = (...args: unknown[]): void => {
    if (!String(args[0]).includes('Unsupported runtime')) warn(...args)
  }
  try {
    return (await import('oidc-provider')).default
  } finally {
    console.warn = warn
  }
}
