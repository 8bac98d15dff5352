// One network: drawn, layer by layer with what each takes, and its files.

import { command, count, csvButton, details, drawing, empty, facts, make, table } from './dom.js';

const millis = nanos => (nanos === null || nanos === undefined ? '' : `${(nanos / 1e6).toFixed(nanos < 1e6 ? 4 : 3)} ms`);

function onDevice(told) {
  const interval = told.low === null ? '' : `, expected within ${millis(told.low)} to ${millis(told.high)}`;
  const predicted = told.predicted === null ? 'not predicted: the table lacks one of its segments' : `predicted ${millis(told.predicted)}${interval}`;
  return `${predicted}${told.measured === null ? '' : `; measured ${millis(told.measured)}`}`;
}

/** What each segment takes, by device. */
function segments(network) {
  const devices = network.devices.map(told => told.device);
  const columns = [
    { name: 'segment', of: row => row.segment },
    { name: 'choice', of: row => row.choice || 'fixed' },
    { name: 'out', of: row => row.out },
    { name: 'MACs', number: true, of: row => count(row.macs) },
    ...devices.flatMap(device => [
      { name: `${device}: in the network`, number: true, of: row => millis(row.devices[device]?.predicted) },
      {
        name: `${device}: measured alone`, number: true,
        of: row => {
          const time = row.devices[device];
          return !time || time.measured === null ? '' : millis(time.measured) + (time.half_width === null ? '' : ` ± ${millis(time.half_width)}`);
        },
      },
    ]),
  ];
  return [
    make('p', { class: 'quiet' }, 'What a segment adds to its network by prediction, and its own median measured by itself, without the call.'),
    csvButton('segments.csv', () => [['segment', 'choice', 'in', 'out', 'macs', 'params', ...devices.flatMap(device => [`${device} predicted ns`, `${device} measured ns`, `${device} half width ns`])],
      ...network.segments.map(row => [row.segment, row.choice, row.in, row.out, row.macs, row.params,
        ...devices.flatMap(device => [row.devices[device]?.predicted, row.devices[device]?.measured, row.devices[device]?.half_width])])]),
    table('Segments of the network', columns, network.segments),
  ];
}

/**
 * The network, as an element.
 *
 * @param network as the server tells it
 * @param files { download(name) } gives an element to download a file by
 */
export function shown(network, run, files) {
  const rest = network.devices.map(told => [told.device, onDevice(told)]);
  return make('div', {},
    make('p', { class: 'arch' }, network.architecture.replaceAll(',', ', ')),
    facts([...rest, ...(network.file ? [['file', files.download(`export/${network.file}`)]] : [])]),
    network.drawing ? drawing(network.drawing, `The layers of ${network.file || network.architecture}`) : empty('Its space has no networks to draw.'),
    network.segments.length > 0 ? details('Time by segment', () => segments(network)) : null,
    network.file
      ? null
      : make('div', {}, make('p', { class: 'quiet' }, 'It is not exported. To have it written as ONNX and confirmed by the devices:'),
        command(`lutra pick runs/${run.name} --arch ${network.architecture}`)));
}
