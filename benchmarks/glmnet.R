# Answers the requests of glmnet.py, one line each: "load FOLDER" and "fit FOLDER TOL".
suppressMessages({library(glmnet); library(Matrix)})
numbers <- function(name, what = "double") {
  path <- file.path(folder, name)
  readBin(path, what, file.size(path) / if (what == "integer") 4 else 8)
}
cat(as.character(packageVersion("glmnet")), "\n", sep = "")
input <- file("stdin", "r")
while (length(line <- readLines(input, 1))) {
  words <- strsplit(line, " ")[[1]]
  folder <- words[2]
  if (words[1] == "load") {
    y <- numbers("y")
    if (file.exists(file.path(folder, "indptr"))) {
      indptr <- numbers("indptr", "integer")
      X <- new("dgCMatrix", i = numbers("indices", "integer"), p = indptr, x = numbers("data"),
               Dim = c(length(y), length(indptr) - 1L))
    } else {
      X <- matrix(numbers("data"), nrow = length(y))
    }
    cat("0\n")
  } else {
    alphas <- numbers("alphas")
    began <- Sys.time()
    fit <- glmnet(X, y, lambda = alphas, thresh = as.double(words[3]), standardize = FALSE,
                  maxit = 1e7)
    seconds <- as.double(Sys.time() - began, units = "secs")
    writeBin(as.vector(as.matrix(fit$beta)), file.path(folder, "coefs"))
    writeBin(as.vector(fit$a0), file.path(folder, "intercepts"))
    cat(seconds, "\n")
  }
}
