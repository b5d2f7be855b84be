import { fact, service, web, type Service } from './service.ts'

/**
 * Not all of `.googleapis.com` and `.googleusercontent.com`: there every customer of Google Cloud has storage, functions and
 * machines with names of their own.
 */
export const GOOGLE: Readonly<Record<string, Service>> = {
  'google-workspace': service(
    'Google Workspace',
    fact('https://support.google.com/a/answer/9012184', {
      domains: `accounts.google.com accounts.youtube.com myaccount.google.com mail.google.com .mail.google.com inbox.google.com
        drive.google.com docs.google.com sheets.google.com slides.google.com forms.google.com calendar.google.com
        contacts.google.com keep.google.com groups.google.com chat.google.com hangouts.google.com meet.google.com
        admin.google.com workspace.google.com vault.google.com tasks.google.com apis.google.com ogs.google.com
        clients1.google.com clients2.google.com clients3.google.com clients4.google.com clients5.google.com
        clients6.google.com .clients6.google.com signaler-pa.clients6.google.com drivesync.google.com
        .usercontent.google.com gmail.com .gmail.com`,
    }),
    fact('https://support.google.com/a/answer/9012184', {
      domains: `www.googleapis.com oauth2.googleapis.com accounts.googleapis.com securetoken.googleapis.com
        people-pa.googleapis.com content.googleapis.com fonts.googleapis.com drive.googleapis.com gmail.googleapis.com
        docs.googleapis.com sheets.googleapis.com slides.googleapis.com calendar-json.googleapis.com admin.googleapis.com
        chat.googleapis.com meet.googleapis.com tasks.googleapis.com people.googleapis.com .gstatic.com
        lh3.googleusercontent.com lh4.googleusercontent.com lh5.googleusercontent.com lh6.googleusercontent.com
        ci3.googleusercontent.com ci4.googleusercontent.com ci5.googleusercontent.com ci6.googleusercontent.com
        drive-thirdparty.googleusercontent.com`,
    }),
    fact('https://support.google.com/a/answer/1279090', {
      domains: 'meet.google.com stream.meet.google.com .turns.goog workspace.turns.goog meet.turns.goog',
      prefixes: '74.125.250.0/24 142.250.82.0/24 2001:4860:4864:5::/64 2001:4860:4864:6::/64',
      ports: 'tcp/443 udp/443 udp/3478 udp/19305-19309',
    }),
    fact('https://support.google.com/a/answer/180046', {
      domains: 'smtp.gmail.com imap.gmail.com pop.gmail.com smtp-relay.gmail.com aspmx.l.google.com',
      ports: 'tcp/25 tcp/465 tcp/587 tcp/993 tcp/995',
    }),
  ),
  'google-cloud-console': web(
    'Google Cloud console and management',
    `console.cloud.google.com cloud.google.com shell.cloud.google.com ssh.cloud.google.com compute.googleapis.com
      iam.googleapis.com cloudresourcemanager.googleapis.com container.googleapis.com logging.googleapis.com
      monitoring.googleapis.com serviceusage.googleapis.com sts.googleapis.com iamcredentials.googleapis.com
      artifactregistry.googleapis.com pubsub.googleapis.com bigquery.googleapis.com run.googleapis.com`,
    'https://developers.google.com/apis-explorer',
  ),
  'google-chrome-update': web(
    'Chrome and ChromeOS updates',
    'update.googleapis.com clients2.googleusercontent.com edgedl.me.gvt1.com dl.google.com tools.google.com redirector.gvt1.com',
    'https://support.google.com/chrome/a/answer/6334001',
  ),
  gemini: web(
    'Google Gemini',
    'gemini.google.com aistudio.google.com generativelanguage.googleapis.com',
    'https://ai.google.dev/api',
  ),
  youtube: web(
    'YouTube',
    '.youtube.com .ytimg.com .googlevideo.com youtu.be .youtube-nocookie.com',
    'https://support.google.com/youtube/answer/7505883',
  ),
}
