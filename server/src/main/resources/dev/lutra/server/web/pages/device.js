// What this browser says about the device it runs on.

export async function describe(name) {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  const hints = await navigator.userAgentData?.getHighEntropyValues(['architecture', 'bitness', 'model', 'platformVersion']);
  return {
    adapter,
    browser: browserName(),
    device: {
      name,
      cpu: hints?.model ?? '',
      logicalCores: navigator.hardwareConcurrency ?? 0,
      memoryBytes: (navigator.deviceMemory ?? 0) * 2 ** 30,
      os: hints ? `${navigator.userAgentData.platform} ${hints.platformVersion}`.trim() : systemName(),
      arch: hints?.architecture ? hints.architecture + (hints.bitness === '64' ? '_64' : '') : '',
      gpus: adapter ? [gpuName(adapter.info)] : [],
      protection: 'protected',
      energyOfModels: { wasm: 'not told: browsers do not say', webgpu: 'not told: browsers do not say' },
      memoryOfModels: 'not told: browsers do not say what a model takes',
    },
  };
}

function gpuName(info) {
  const words = [info?.vendor, info?.architecture, info?.device, info?.description].filter(Boolean);
  return [...new Set(words)].join(' ') || 'unnamed';
}

function browserName() {
  const brand = navigator.userAgentData?.brands.find(({ brand }) => !/Not.?A.?Brand|Chromium/.test(brand))
    ?? navigator.userAgentData?.brands.find(({ brand }) => brand === 'Chromium');
  if (brand) {
    return `${brand.brand} ${brand.version}`;
  }
  const match = /(Firefox|Version)\/([\d.]+)(?:.*(Safari))?/.exec(navigator.userAgent);
  return match ? `${match[3] ?? match[1]} ${match[2]}` : 'unknown browser';
}

function systemName() {
  return /\(([^;)]+;[^;)]+)/.exec(navigator.userAgent)?.[1] ?? navigator.platform;
}

/** A first name: people change it if they have two alike. */
export function proposeName() {
  const system = navigator.userAgentData?.platform ?? navigator.platform ?? 'browser';
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(2)), byte => byte.toString(16).padStart(2, '0')).join('');
  return `${system.split(' ')[0].toLowerCase().replace(/[^a-z0-9]/g, '') || 'browser'}-${letters}`;
}
