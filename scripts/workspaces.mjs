// The npm workspaces of this repository, as { name, dir, manifest }.
import { readFileSync, readdirSync, existsSync } from 'node:fs'

export function workspaces() {
  const { workspaces: patterns } = JSON.parse(readFileSync('package.json', 'utf8'))
  return patterns
    .flatMap((pattern) =>
      pattern.endsWith('/*')
        ? readdirSync(pattern.slice(0, -2)).map((name) => `${pattern.slice(0, -1)}${name}`)
        : [pattern],
    )
    .filter((dir) => existsSync(`${dir}/package.json`))
    .sort()
    .map((dir) => {
      const manifest = JSON.parse(readFileSync(`${dir}/package.json`, 'utf8'))
      return { name: manifest.name, dir, manifest }
    })
}
