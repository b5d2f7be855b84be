/** A SaaS application or cloud: its own names, and the vendor's page that states them. */
export type Service = { readonly title: string; readonly domains: readonly string[]; readonly source: string }

export const SERVICES: Readonly<Record<string, Service>> = {
  anthropic: service('Anthropic', '.anthropic.com .claude.ai .claude.com', 'https://docs.anthropic.com'),
  atlassian: service(
    'Atlassian',
    '.atlassian.com .atlassian.net .bitbucket.org .trello.com .statuspage.io .atl-paas.net',
    'https://support.atlassian.com/organization-administration/docs/ip-addresses-and-domains-for-atlassian-cloud-products/',
  ),
  box: service('Box', '.box.com .boxcdn.net .boxcloud.com', 'https://support.box.com'),
  cloudflare: service('Cloudflare', '.cloudflare.com', 'https://developers.cloudflare.com'),
  datadog: service(
    'Datadog',
    '.datadoghq.com .datadoghq.eu',
    'https://docs.datadoghq.com/agent/configuration/network/',
  ),
  debian: service('Debian', '.debian.org', 'https://www.debian.org/mirror/list'),
  'docker-hub': service('Docker Hub', '.docker.com .docker.io', 'https://docs.docker.com/desktop/setup/allow-list/'),
  dropbox: service(
    'Dropbox',
    '.dropbox.com .dropboxapi.com .dropboxstatic.com .dropboxusercontent.com',
    'https://help.dropbox.com/security/official-domains',
  ),
  figma: service('Figma', '.figma.com', 'https://help.figma.com'),
  github: service(
    'GitHub',
    '.github.com .githubusercontent.com .githubassets.com .github.dev ghcr.io *.ghcr.io',
    'https://api.github.com/meta',
  ),
  gitlab: service('GitLab', '.gitlab.com', 'https://docs.gitlab.com/user/gitlab_com/'),
  'google-workspace': service(
    'Google Workspace',
    '.google.com .googleapis.com .gstatic.com .googleusercontent.com .gmail.com',
    'https://support.google.com/a/answer/9012184',
  ),
  linear: service('Linear', '.linear.app', 'https://linear.app/docs'),
  'microsoft-365': service(
    'Microsoft 365',
    '.office.com .office.net .office365.com .microsoftonline.com .sharepoint.com .onedrive.com .live.com .outlook.com .msauth.net .msftauth.net .microsoft.com .skype.com',
    'https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges',
  ),
  notion: service('Notion', '.notion.so .notion.com .notion.site', 'https://www.notion.com/help'),
  npm: service('npm', '.npmjs.org .npmjs.com', 'https://docs.npmjs.com'),
  okta: service(
    'Okta',
    '.okta.com .oktacdn.com .oktapreview.com',
    'https://help.okta.com/oie/en-us/content/topics/security/ip-address-allow-listing.htm',
  ),
  openai: service('OpenAI', '.openai.com .chatgpt.com .oaiusercontent.com .oaistatic.com', 'https://help.openai.com'),
  pagerduty: service('PagerDuty', '.pagerduty.com', 'https://support.pagerduty.com'),
  pypi: service('PyPI', '.pypi.org .pythonhosted.org', 'https://docs.pypi.org'),
  rubygems: service('RubyGems', '.rubygems.org', 'https://guides.rubygems.org'),
  'crates-io': service('crates.io', '.crates.io', 'https://doc.rust-lang.org/cargo/'),
  salesforce: service(
    'Salesforce',
    '.salesforce.com .force.com .salesforceliveagent.com .visualforce.com',
    'https://help.salesforce.com',
  ),
  sentry: service('Sentry', '.sentry.io', 'https://docs.sentry.io/security-legal-pii/security/ip-ranges/'),
  servicenow: service('ServiceNow', '.service-now.com .servicenow.com', 'https://www.servicenow.com/docs'),
  slack: service(
    'Slack',
    '.slack.com .slack-edge.com .slack-imgs.com .slack-files.com .slackb.com .slack-msgs.com',
    'https://slack.com/help/articles/360001603387',
  ),
  stripe: service('Stripe', '.stripe.com .stripe.network', 'https://docs.stripe.com/ips'),
  twilio: service('Twilio', '.twilio.com', 'https://www.twilio.com/docs'),
  ubuntu: service('Ubuntu', '.ubuntu.com .canonical.com .snapcraft.io', 'https://ubuntu.com/server/docs'),
  webex: service('Webex', '.webex.com .wbx2.com .ciscospark.com', 'https://help.webex.com/article/WBX000028782'),
  workday: service('Workday', '.workday.com .myworkday.com', 'https://www.workday.com'),
  zendesk: service('Zendesk', '.zendesk.com .zdassets.com', 'https://support.zendesk.com'),
  zoom: service(
    'Zoom',
    '.zoom.us .zoom.com',
    'https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0060548',
  ),
}

function service(title: string, domains: string, source: string): Service {
  return { title, domains: domains.split(' '), source }
}
