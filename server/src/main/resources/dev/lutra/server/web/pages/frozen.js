// A run's page in a file of its own: all that it shows stands beside this script.

import { make } from './dom.js';
import { RunPage } from './run-view.js';

const data = JSON.parse(document.getElementById('data').textContent);

const source = {
  isLive: false,
  view: async () => data.run,
  candidates: async () => data.candidates,
  table: async device => {
    if (!data.tables[device]) {
      throw new Error(`There was no table of ${device} when this page was made.`);
    }
    return data.tables[device];
  },
  architecture: async text => {
    if (!data.architectures[text]) {
      throw new Error('This page holds the drawings of the winners and of the front\'s best. The page that lutra serve or lutra run shows draws any network.');
    }
    return data.architectures[text];
  },
  download: name => make('a', { href: name, download: name.split('/').pop() }, name.split('/').pop()),
};

await new RunPage(document.getElementById('page'), source).show();
