/// <reference lib="dom" />
import { html, render, useEffect, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, remove, SIGNED_OUT, useCsrf, type SessionFacts, type User } from './api.ts'
import { followDesk } from './follow-desk.ts'
import { HostState } from './host-state.ts'
import { LATER, laterPage, type View } from './later-pages.ts'
import { Problem } from './load.ts'
import { OverviewPage } from './overview-page.ts'
import { SignIn } from './sign-in.ts'

const PAGES: Readonly<Record<string, string>> = {
  overview: 'Overview',
  flows: 'Flows',
  destinations: 'Destinations',
  applications: 'Applications',
  dns: 'DNS',
  policy: 'Policy',
  alerts: 'Alerts',
  feeds: 'Feeds',
  audit: 'Audit',
  settings: 'Settings',
}

const AHEAD_MS = 2000

function place(): readonly [string, string] {
  const [, page = '', rest = ''] = /^#\/([a-z]+)(?:\/(.*))?$/.exec(location.hash) ?? []
  return [page, decodeURIComponent(rest)]
}

function Page({ page, rest, user }: { readonly page: string; readonly rest: string; readonly user: User }): VNode {
  const [loaded, setLoaded] = useState<{ readonly page: string; readonly View: View } | null>(null)
  const [failed, setFailed] = useState<Error | null>(null)
  useEffect(() => {
    let open = true
    setFailed(null)
    laterPage(page)?.().then(
      (View) => open && setLoaded({ page, View }),
      () =>
        open && setFailed(new Error('This page cannot be loaded; the console may have been replaced. Load it again.')),
    )
    return () => {
      open = false
    }
  }, [page])
  if (laterPage(page) === undefined) return html`<${OverviewPage} />`
  if (loaded?.page !== page)
    return html`<${Problem} error=${failed} />${failed === null ? html`<p>Loading…</p>` : null}`
  return html`<${loaded.View} rest=${rest} user=${user} />`
}

function App(): VNode {
  const [session, setSession] = useState<SessionFacts | null>(null)
  const [failed, setFailed] = useState<Error | null>(null)
  const [[page, rest], setPlace] = useState(place)
  const load = (): void =>
    void get<SessionFacts>('/session').then((facts) => {
      useCsrf(facts.csrf)
      setSession(facts)
      // The first page is there before the others are asked for.
      if (facts.user !== null) setTimeout(() => Object.values(LATER).map((each) => each().catch(() => {})), AHEAD_MS)
    }, setFailed)
  useEffect(() => {
    load()
    addEventListener('hashchange', () => setPlace(place()))
    addEventListener(SIGNED_OUT, load)
  }, [])
  const name = session?.user?.name
  useEffect(() => (name === undefined ? undefined : followDesk()), [name])
  useEffect(() => {
    document.querySelector('.pages [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
    document.title = `${PAGES[page] ?? 'Overview'} · Sallyport`
  }, [page, session === null])
  if (session === null)
    return html`<main id="main">
      <h1 class="unseen">Sallyport</h1>
      <${Problem} error=${failed} />
    </main>`
  if (session.user === null) {
    const token = page === 'setup' ? rest : ''
    const done = (): void => {
      if (page === 'setup') location.hash = '#/overview'
      load()
    }
    const refused = page === 'refused' ? rest : ''
    return html`<${SignIn}
      setup=${session.setup}
      token=${token}
      oidc=${session.oidc}
      refused=${refused}
      onDone=${done}
    />`
  }
  const { user } = session
  const left = ({ leave: where }: { readonly leave: string | null }): void => {
    if (where === null) load()
    else location.assign(where)
  }
  const leave = (): void => {
    sessionStorage.clear()
    void remove<{ leave: string | null }>('/session').then(left, setFailed)
  }
  return html`<a class="skip" href="#main" onClick=${skip}>To the content</a>
    <header>
      <strong>Sallyport</strong>
      <${HostState} />
      <nav class="pages" aria-label="Pages">
        ${Object.entries(PAGES).map(([name, title]) => html`<a href="#/${name}" aria-current=${(PAGES[page] === undefined ? 'overview' : page) === name ? 'page' : undefined}>${title}</a>`)}
      </nav>
      <span class="who"
        ><span class="who-name">${user.name}${user.name === user.role ? '' : ` (${user.role})`}</span>${' '}<button
          type="button"
          onClick=${leave}
        >
          Sign out
        </button></span
      >
    </header>
    <main id="main" tabindex="-1">
      <${Problem} error=${failed} /><${Page} page=${page} rest=${rest} user=${user} />
    </main>
    <footer class="small">Times are those of ${Intl.DateTimeFormat().resolvedOptions().timeZone}.</footer>`
}

/** The hash is the page, so the link may not change it. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

render(html`<${App} />`, document.getElementById('app')!)
