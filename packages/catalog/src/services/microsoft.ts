import { fact, service, web, type Service } from './service.ts'

const ENDPOINTS = 'https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges'

/**
 * Names of customers' own sites and storage (`.azurewebsites.net`, `.blob.core.windows.net`) are in none of these: they belong to
 * whoever rents them.
 */
export const MICROSOFT: Readonly<Record<string, Service>> = {
  'microsoft-365': service(
    'Microsoft 365',
    fact(ENDPOINTS, {
      domains: `.outlook.com .outlook.office.com .outlook.office365.com outlook.cloud.microsoft
        smtp.office365.com .protection.outlook.com`,
      prefixes: `13.107.6.152/31 13.107.18.10/31 13.107.128.0/22 23.103.160.0/20 40.96.0.0/13 40.104.0.0/15 52.96.0.0/14
        131.253.33.215/32 132.245.0.0/16 150.171.32.0/22 204.79.197.215/32 2603:1006::/40 2603:1016::/36 2603:1026::/36 2603:1036::/36
        2603:1046::/36 2603:1056::/36 2620:1ec:8f0::/46 2620:1ec:900::/46 2a01:111:f400::/48 40.92.0.0/15 40.107.0.0/16 52.100.0.0/14
        52.238.78.88/32 104.47.0.0/17`,
      ports: 'tcp/80 tcp/443 udp/443 tcp/25 tcp/587 tcp/143 tcp/993 tcp/995',
    }),
    fact(ENDPOINTS, {
      domains:
        '.sharepoint.com .sharepointonline.com .svc.ms oneclient.sfx.ms officeclient.microsoft.com g.live.com storage.live.com admin.onedrive.com',
      prefixes:
        '13.107.136.0/22 40.108.128.0/17 52.104.0.0/14 104.146.128.0/17 150.171.40.0/22 2603:1061:1300::/40 2620:1ec:8f8::/46 2620:1ec:908::/46 2a01:111:f402::/48',
      ports: 'tcp/80 tcp/443 udp/443',
    }),
    fact(ENDPOINTS, {
      domains:
        '.teams.cloud.microsoft .teams.microsoft.com .lync.com .skype.com .broadcast.skype.com aka.ms .sfbassets.com',
      prefixes: '52.112.0.0/14 52.122.0.0/15 2603:1063::/38 2620:1ec:6::/48 2620:1ec:40::/42',
      ports: 'tcp/80 tcp/443 udp/443 udp/3478-3481',
    }),
    fact(ENDPOINTS, {
      domains: `.office.com .office.net .office365.com .officeapps.live.com .onenote.com .cloud.microsoft .static.microsoft
        .usercontent.microsoft .microsoft365.com admin.microsoft.com portal.cloudappsecurity.com compliance.microsoft.com
        defender.microsoft.com security.microsoft.com purview.microsoft.com protection.office.com officecdn.microsoft.com
        officepreviewredir.microsoft.com .officeredir.microsoft.com appsforoffice.microsoft.com ajax.aspnetcdn.com
        .events.data.microsoft.com .aria.microsoft.com .yammer.com .yammerusercontent.com .sway.com .sway-cdn.com .sway-extensions.com cdn.onenote.net
        .acompli.net .outlookmobile.com .aadrm.com .azurerms.com informationprotection.azure.com .msocdn.com auth.gfx.ms
        mem.gfx.ms www.onedrive.com graph.microsoft.com`,
      ports: 'tcp/80 tcp/443',
    }),
    fact(ENDPOINTS, {
      domains: `.microsoftonline.com .microsoftonline-p.com login.microsoft.com login.windows.net login.live.com signup.live.com account.live.com
        autologon.microsoftazuread-sso.com graph.windows.net device.login.microsoftonline.com .msauth.net .msftauth.net
        .msauthimages.net .msftauthimages.net .msftidentity.com .msidentity.com account.activedirectory.windowsazure.com
        accounts.accesscontrol.windows.net enterpriseregistration.windows.net .passwordreset.microsoftonline.com
        .phonefactor.net`,
      prefixes:
        '20.20.32.0/19 20.190.128.0/18 20.231.128.0/19 40.126.0.0/18 2603:1006:2000::/48 2603:1007:200::/48 2603:1016:1400::/48 2603:1017::/48 2603:1026:3000::/48 2603:1027:1::/48 2603:1036:3000::/48 2603:1037:1::/48 2603:1046:2000::/48 2603:1047:1::/48 2603:1056:2000::/48 2603:1057:2::/48',
      ports: 'tcp/80 tcp/443',
    }),
  ),
  'microsoft-update': service(
    'Windows Update',
    fact('https://learn.microsoft.com/windows/privacy/manage-windows-11-endpoints', {
      domains: `.windowsupdate.com .update.microsoft.com .delivery.mp.microsoft.com .dl.delivery.mp.microsoft.com
        .prod.do.dsp.mp.microsoft.com emdl.ws.microsoft.com download.microsoft.com adl.windows.com tsfe.trafficshaping.dsp.mp.microsoft.com`,
      ports: 'tcp/80 tcp/443',
    }),
  ),
  'microsoft-intune': web(
    'Microsoft Intune',
    `.manage.microsoft.com manage.microsoft.com enterpriseenrollment.manage.microsoft.com .dm.microsoft.com
      .notify.windows.com .wns.windows.com`,
    'https://learn.microsoft.com/intune/intune-service/fundamentals/intune-endpoints',
  ),
  'microsoft-defender': web(
    'Microsoft Defender for Endpoint',
    '.endpoint.security.microsoft.com .wdcp.microsoft.com .wd.microsoft.com .smartscreen.microsoft.com .smartscreen-prod.microsoft.com',
    'https://learn.microsoft.com/defender-endpoint/configure-environment',
  ),
  'azure-portal': web(
    'Azure portal and management',
    `management.azure.com portal.azure.com .portal.azure.com .portal.azure.net login.azure.com .aadcdn.microsoftonline-p.com
      management.core.windows.net .hosting.portal.azure.net .reactblade.portal.azure.net`,
    'https://learn.microsoft.com/azure/azure-portal/azure-portal-safelist-urls',
  ),
  'azure-devops': service(
    'Azure DevOps',
    fact('https://learn.microsoft.com/azure/devops/organizations/security/allow-list-ip-url', {
      domains: `dev.azure.com .dev.azure.com .visualstudio.com .vsassets.io .vsblob.visualstudio.com
        .vssps.visualstudio.com aex.dev.azure.com .vstmr.visualstudio.com .pkgs.visualstudio.com`,
      prefixes:
        '13.107.6.0/24 13.107.9.0/24 13.107.42.0/24 13.107.43.0/24 150.171.22.0/24 150.171.23.0/24 150.171.73.0/24 150.171.74.0/24 150.171.75.0/24 150.171.76.0/24',
      ports: 'tcp/443 tcp/22',
    }),
  ),
  linkedin: web('LinkedIn', '.linkedin.com .licdn.com', 'https://www.linkedin.com/help/linkedin/answer/a1342443'),
  'visual-studio-code': web(
    'Visual Studio Code',
    `code.visualstudio.com update.code.visualstudio.com marketplace.visualstudio.com .gallery.vsassets.io .gallerycdn.vsassets.io
      vscode.download.prss.microsoft.com download.visualstudio.microsoft.com .vscode-cdn.net .vscode-unpkg.net vscode.dev
      vscode-sync.trafficmanager.net vscode-sync-insiders.trafficmanager.net vscode.search.windows.net
      bingsettingssearch.trafficmanager.net vsmarketplacebadges.dev default.exp-tas.com`,
    'https://code.visualstudio.com/docs/setup/network',
  ),
}
