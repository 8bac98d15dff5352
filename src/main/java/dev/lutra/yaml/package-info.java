/** YAML files whose every mistake is reported with file, line, key and what was expected. */
package dev.lutra.yaml;
