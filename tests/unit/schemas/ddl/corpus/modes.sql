%% ansi_quotes
CREATE TABLE "ansi" ("id" INT NOT NULL, "na""me" VARCHAR(20) DEFAULT 'a"b', `tick` INT, PRIMARY KEY ("id"))
%% ansi_quotes
ALTER TABLE "corpus"."ansi" ADD COLUMN "later" ENUM('x','"y"') AFTER "id", CHANGE "tick" "tock" BIGINT
%% ansi_quotes
CREATE INDEX "ix" ON "ansi" ("tock")
%% ansi_quotes
RENAME TABLE "ansi" TO "ansi2"
%% ansi_quotes
DROP TABLE "corpus"."ansi2"
%% no_backslash_escapes
CREATE TABLE nobs (a VARCHAR(20) DEFAULT 'c:\', b VARCHAR(20) COMMENT '\', c ENUM('\', 'x\y') DEFAULT '\', d INT)
%% no_backslash_escapes
ALTER TABLE nobs ADD e VARCHAR(10) DEFAULT '''\''' AFTER b
%% ansi_quotes no_backslash_escapes
CREATE TABLE both_modes ("a\" INT, "b""" VARCHAR(9) DEFAULT '\', PRIMARY KEY ("a\"))
%%
CREATE TABLE escapes (a VARCHAR(20) DEFAULT 'tab\there', b VARCHAR(20) DEFAULT '\%\_', c CHAR(9) DEFAULT '\0\Z\b\r\n\q', d ENUM('q''q','b\\b','n\nn') DEFAULT 'b\\b', e VARCHAR(9) DEFAULT "it's", f VARCHAR(9) DEFAULT "say ""hi""" COMMENT "c""c")
%%
CREATE TABLE unicode (`колонка` INT COMMENT 'комментарий', `列` VARCHAR(10) DEFAULT '值', emoji VARCHAR(4) DEFAULT 'é', PRIMARY KEY (`колонка`))
%% real_as_float
CREATE TABLE reals (a REAL, b REAL(8,3))
%% oracle
CREATE TABLE oracle_types (a VARCHAR2(10), b NUMBER(5,2), c RAW(3), d CLOB, e DATE)
%% explicit_defaults_off
CREATE TABLE old_timestamps (a TIMESTAMP, b TIMESTAMP NULL, c TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00', d TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3))
