import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { isPrefix, matchDomain, parseDomainName, parseDomainPattern, parsePrefix, prefixCovers } from '@sallyport/net'
import { getPublicSuffix } from 'tldts'
import { CATEGORIES, SERVICES, serviceSet } from '../../src/index.ts'

const PORT = /^(tcp|udp)\/\d{1,5}(-\d{1,5})?$/

test('sixty services and more, each fact with a source, and every pattern, range and port of it parses', () => {
  assert.ok(Object.keys(SERVICES).length >= 60)
  for (const [id, { title, facts }] of Object.entries(SERVICES)) {
    assert.match(id, /^[a-z0-9][a-z0-9-]*$/)
    assert.ok(title !== '' && facts.length > 0, id)
    for (const { source, domains, prefixes, ports } of facts) {
      assert.match(source, /^https:\/\//, id)
      assert.ok(domains.length + prefixes.length > 0, id)
      for (const text of domains) assert.ok(parseDomainPattern(text)?.name.includes('.'), `${id}: ${text}`)
      for (const text of prefixes) assert.ok(isPrefix(parsePrefix(text)), `${id}: ${text}`)
      for (const text of ports) assert.match(text, PORT, id)
    }
  }
})

test('no service covers names that anyone may choose', () => {
  for (const [id, service] of Object.entries(SERVICES)) {
    for (const { kind, name } of serviceSet(service).domains) {
      if (kind === 'name') continue
      assert.notEqual(getPublicSuffix(name, { allowPrivateDomains: true }), name, `${id}: ${name}`)
    }
  }
  const strangers = [
    'evil.blob.core.windows.net',
    'evil.azurewebsites.net',
    'storage.googleapis.com',
    'evil.cloudfunctions.googleapis.com',
    'evil.bc.googleusercontent.com',
    'evil.githubusercontent.com',
    'evil.github.io',
    'go.microsoft.com',
    'evil.s3.amazonaws.com',
    'evil.web.app',
  ]
  for (const text of strangers) {
    const name = parseDomainName(text)!
    const holding = Object.entries(SERVICES).filter(([, each]) =>
      serviceSet(each).domains.some((pattern) => matchDomain(pattern, name)),
    )
    assert.deepEqual(
      holding.map(([id]) => id),
      [],
      text,
    )
  }
})

test('what people use of a service is in it', () => {
  const uses = {
    'microsoft-365': [
      'outlook.office.com',
      'contoso.sharepoint.com',
      'login.microsoftonline.com',
      'teams.microsoft.com',
      'aadcdn.msauth.net',
    ],
    'google-workspace': [
      'mail.google.com',
      'docs.google.com',
      'accounts.google.com',
      'fonts.gstatic.com',
      'lh3.googleusercontent.com',
    ],
    github: [
      'github.com',
      'api.github.com',
      'codeload.github.com',
      'objects.githubusercontent.com',
      'ghcr.io',
      'pipelines.actions.githubusercontent.com',
    ],
    slack: ['app.slack.com', 'wss-primary.slack.com', 'meet.chime.aws'],
    dropbox: ['www.dropbox.com', 'content.dropboxapi.com', 'docsend.com'],
    bitwarden: ['vault.bitwarden.com', 'icons.bitwarden.net', 'identity.bitwarden.eu', 'btwrdn.com'],
    datadog: ['7-31-0-app.agent.datadoghq.com', 'agent-intake.logs.datadoghq.com', 'api.us5.datadoghq.com'],
    'new-relic': ['collector.newrelic.com', 'otlp.eu01.nr-data.net'],
    sentry: ['o1.ingest.us.sentry.io', 'app.getsentry.com'],
    snowflake: ['ab12345.snowflakecomputing.com'],
    'docker-hub': ['registry-1.docker.io', 'auth.docker.io', 'production.cloudfront.docker.com'],
    'visual-studio-code': ['update.code.visualstudio.com', 'ms.gallerycdn.vsassets.io', 'main.vscode-cdn.net'],
    grafana: ['stack.grafana.net', 'grafana.com'],
    npm: ['registry.npmjs.org'],
  }
  for (const [id, names] of Object.entries(uses)) {
    for (const name of names)
      assert.ok(
        serviceSet(SERVICES[id]!).domains.some((each) => matchDomain(each, parseDomainName(name)!)),
        name,
      )
  }
})

test('every name of a category parses, and the categories that policies expect are there', () => {
  const expected =
    'crypto-mining dns-over-https dynamic-dns file-sharing finance health paste remote-access tor url-shortener vpn'
  assert.deepEqual(Object.keys(CATEGORIES).sort(), expected.split(' '))
  for (const [id, { domains }] of Object.entries(CATEGORIES)) {
    assert.ok(domains.length >= 15, id)
    for (const text of domains) assert.ok(parseDomainPattern(text)?.name.includes('.'), `${id}: ${text}`)
  }
})

const data = process.env['SALLYPORT_TEST_DATA']
const skip = data !== undefined && existsSync(join(data, 'ranges')) ? false : 'no SALLYPORT_TEST_DATA'
for (const [id, file] of [
  ['microsoft-365', 'microsoft-office365-ip'],
  ['cloudflare-network', 'cloudflare'],
  ['fastly-network', 'fastly'],
  ['telegram', 'telegram-ips'],
  ['github', 'github'],
  ['apple-services', 'apple'],
] as const) {
  test(`every range of ${id} is in the list that others keep of it`, { skip }, () => {
    const lines = gunzipSync(readFileSync(join(data!, 'ranges', `${file}.txt.gz`)))
      .toString()
      .trim()
      .split('\n')
    const listed = lines.map(parsePrefix).filter((each) => isPrefix(each))
    for (const prefix of serviceSet(SERVICES[id]!).prefixes) {
      assert.ok(
        listed.some((each) => isPrefix(each) && prefixCovers(each, prefix)),
        JSON.stringify(prefix),
      )
    }
  })
}
