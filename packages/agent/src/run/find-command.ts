import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

type FoundCommand = { readonly path: string } | { readonly exitCode: 126 | 127; readonly problem: string }

/** What a shell would run for this name, looked for before anything is set up. */
export function findCommand(name: string, path: string): FoundCommand {
  const candidates = name.includes('/')
    ? [name]
    : path.split(delimiter).map((directory) => join(directory || '.', name))
  const present = candidates.filter((candidate) => isFile(candidate))
  const found = present.find((candidate) => isExecutable(candidate))
  if (found !== undefined) return { path: found }
  if (present.length > 0) return { exitCode: 126, problem: `${present[0]} is not executable` }
  const isDirectory = name.includes('/') && statSync(name, { throwIfNoEntry: false })?.isDirectory() === true
  return isDirectory
    ? { exitCode: 126, problem: `${name} is a directory` }
    : { exitCode: 127, problem: `${name}: command not found` }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return (statSync(path).mode & 0o111) !== 0
  } catch {
    return false
  }
}
