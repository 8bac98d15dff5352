package dev.lutra.spark;

import dev.lutra.InputException;
import dev.lutra.data.pixel.Storage;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * File systems of Hadoop: those on the class path, as its {@code core-site.xml} and Spark's {@code spark.hadoop.*} set them up. Found as a
 * service.
 */
public final class HadoopProvider implements Storage.Provider {

    @Override
    public Storage open(String address) {
        try {
            Path folder = new Path(address);
            return new HadoopStorage(folder.getFileSystem(configuration()), folder);
        } catch (IOException | RuntimeException e) { // of whatever a file system is set up by
            throw new InputException(address + ": " + (isWithout(e)
                ? "no file system for " + address.substring(0, address.indexOf(':'))
                    + " (expected: its jar on the class path; docs/reference/spark.md)"
                : "cannot be opened: " + Failure.line(e)), e);
        }
    }

    private static boolean isWithout(Throwable e) {
        return e instanceof UnsupportedFileSystemException || e instanceof ClassNotFoundException || e.getCause() != null && isWithout(e.getCause());
    }

    private static Configuration configuration() {
        SparkConf conf = SparkEnv.get() == null ? new SparkConf() : SparkEnv.get().conf();
        return SparkHadoopUtil.get().newConfiguration(conf);
    }
}
