const PYTHON = 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())'
const NODE = 'console.log(await (await fetch(process.argv[1], { signal: AbortSignal.timeout(20_000) })).text())'

/** Real programs that fetch a URL, each with a network stack of its own. */
export const CLIENTS: Readonly<Record<string, (url: string) => readonly string[]>> = {
  curl: (url) => ['curl', '-sS', '-m', '20', url],
  python: (url) => ['python3', '-c', PYTHON, url],
  node: (url) => [process.execPath, '--input-type=module', '-e', NODE, url],
}

/** `apt-get update` of one repository, with all its state in a folder of its own; no retry hides a refusal. */
export function aptGetUpdate(folder: string): readonly string[] {
  const options = {
    'Dir::State': folder,
    'Dir::State::lists': `${folder}/lists`,
    'Dir::Cache': `${folder}/cache`,
    'Dir::Etc::sourcelist': `${folder}/sources.list`,
    'Dir::Etc::sourceparts': '-',
    'Dir::Etc::main': '-',
    'Dir::Etc::parts': '-',
    'Acquire::Retries': '0',
    'Acquire::http::Timeout': '20',
    'APT::Update::Error-Mode': 'any',
  }
  return ['apt-get', 'update', ...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`])]
}
